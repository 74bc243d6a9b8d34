//! Systems measured: cloze and its peers. A new peer is a row here and a file in `peers`.
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::gemm::Bits;
use crate::workload::Task;

/// Program that runs a system.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Program {
    /// This program, which serves itself.
    Own(&'static str),
    /// The same vectors, on weights of 8 bits.
    OwnInt8(Scales),
    /// A file of `peers`, by the Python of an environment below that of `install.sh`, and its way.
    Python { environment: &'static str, file: &'static str, way: &'static str },
    /// A program of a folder of `peers` that `install.sh` has built.
    Rust(&'static str),
    /// None can be started, and why.
    None(&'static str),
}

/// Scales of what 8-bit weights are multiplied with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scales {
    /// One for each token, found while it is computed.
    Token,
    /// Fixed beforehand, from texts to calibrate by.
    Fixed,
}

/// A system.
#[derive(Debug)]
pub(crate) struct System {
    pub(crate) name: &'static str,
    pub(crate) task: Task,
    pub(crate) program: Program,
    /// It runs the weights that cloze runs, so that results must agree.
    pub(crate) same_weights: bool,
}

/// System that results are compared with.
pub(crate) const REFERENCE: &str = "cloze";

/// All of them, in the order of the report.
pub(crate) const SYSTEMS: [System; 22] = [
    vectors(REFERENCE, Program::Own("vectors")),
    other_vectors("cloze, 8 bits", Program::OwnInt8(Scales::Token)),
    other_vectors("cloze, 8 bits, fixed scales", Program::OwnInt8(Scales::Fixed)),
    other_vectors("cloze, [CLS] alone", Program::Own("first")),
    other_vectors("cloze, [CLS] and mean", Program::Own("first-and-mean")),
    vectors(
        "onnxruntime, batches of 32",
        Program::Python { environment: "", file: "embed_onnxruntime.py", way: "plain" },
    ),
    vectors(
        "onnxruntime, sorted",
        Program::Python { environment: "", file: "embed_onnxruntime.py", way: "sorted" },
    ),
    vectors(
        "sentence-transformers, torch",
        Program::Python { environment: "", file: "embed_sentence_transformers.py", way: "torch" },
    ),
    vectors(
        "sentence-transformers, onnx",
        Program::Python {
            environment: "optimum",
            file: "embed_sentence_transformers.py",
            way: "onnx",
        },
    ),
    vectors("openvino", Program::Python { environment: "", file: "embed_openvino.py", way: "f32" }),
    vectors(
        "openvino, latency",
        Program::Python { environment: "", file: "embed_openvino.py", way: "latency" },
    ),
    other_vectors(
        "openvino, 8 bits",
        Program::Python { environment: "", file: "embed_openvino.py", way: "int8" },
    ),
    other_vectors(
        "openvino, 8 bits, latency",
        Program::Python { environment: "", file: "embed_openvino.py", way: "int8-latency" },
    ),
    vectors(
        "sentence-transformers, openvino",
        Program::Python {
            environment: "optimum",
            file: "embed_sentence_transformers.py",
            way: "openvino",
        },
    ),
    other_vectors(
        "sentence-transformers, openvino, 8 bits",
        Program::Python {
            environment: "optimum",
            file: "embed_sentence_transformers.py",
            way: "openvino-int8",
        },
    ),
    vectors("fastembed", Program::Python { environment: "", file: "embed_fastembed.py", way: "" }),
    vectors("fastembed-rs", Program::Rust("fastembed-rs")),
    entities(REFERENCE, Program::Own("entities"), true),
    entities(
        "transformers pipeline, onnxruntime",
        Program::Python { environment: "", file: "tag_pipeline.py", way: "onnx" },
        true,
    ),
    entities(
        "transformers pipeline, torch",
        Program::Python { environment: "", file: "tag_pipeline.py", way: "torch" },
        true,
    ),
    entities(
        "spaCy en_core_web_sm",
        Program::Python { environment: "", file: "tag_spacy.py", way: "" },
        false,
    ),
    entities("gline-rs", Program::None("no model for it is at hand"), false),
];

const fn vectors(name: &'static str, program: Program) -> System {
    System { name, task: Task::Vectors, program, same_weights: true }
}

/// Vectors that are others.
const fn other_vectors(name: &'static str, program: Program) -> System {
    System { name, task: Task::Vectors, program, same_weights: false }
}

const fn entities(name: &'static str, program: Program, same_weights: bool) -> System {
    System { name, task: Task::Entities, program, same_weights }
}

/// Paths that systems need.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// Environment made by `install.sh`.
    pub(crate) environment: Option<PathBuf>,
    /// The folder of peers.
    pub(crate) peers: PathBuf,
    pub(crate) model: PathBuf,
    /// The model as peers read it, or why there is none.
    pub(crate) prepared: Result<PathBuf, String>,
    /// The model in 8 bits with a scale for each token, or why there is none.
    pub(crate) int8: Result<PathBuf, String>,
    /// The same with fixed scales.
    pub(crate) int8_fixed: Result<PathBuf, String>,
    /// Texts that those are from.
    pub(crate) calibration: PathBuf,
    pub(crate) tag_model: PathBuf,
    /// ONNX Runtime's library, as cloze has found it.
    pub(crate) runtime: PathBuf,
}

impl Places {
    /// The Python of an environment.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn python(&self, environment: &str) -> anyhow::Result<PathBuf> {
        python(&self.installed()?.join(environment))
    }

    fn installed(&self) -> anyhow::Result<&Path> {
        installed(self.environment.as_deref())
    }
}

fn installed(environment: Option<&Path>) -> anyhow::Result<&Path> {
    environment.context("no --environment, which has the peers")
}

fn python(environment: &Path) -> anyhow::Result<PathBuf> {
    let python = environment.join("bin/python");
    if !python.is_file() {
        bail!("{}: not there; peers/install.sh makes it", python.display());
    }
    Ok(python)
}

/// A file of `peers` with the model it runs.
///
/// # Errors
/// If there is no environment.
pub(crate) fn peer(
    environment: Option<&Path>,
    file: &str,
    model: &Path,
    threads: usize,
) -> anyhow::Result<Command> {
    let mut command = Command::new(python(installed(environment)?)?);
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
    command.arg(peers.join(file)).arg(model).arg(threads.to_string());
    Ok(command)
}

impl System {
    /// Numbers that the system of this name multiplies.
    pub(crate) fn bits(name: &str) -> Bits {
        let of_name = SYSTEMS.iter().find(|system| system.name == name);
        let eight = of_name.is_some_and(|system| match system.program {
            Program::OwnInt8(_) => true,
            Program::Python { way, .. } => way.contains("int8"),
            _ => false,
        });
        if eight { Bits::Eight } else { Bits::ThirtyTwo }
    }

    /// The command that starts it.
    ///
    /// # Errors
    /// If it is not installed.
    pub(crate) fn command(&self, places: &Places, threads: usize) -> anyhow::Result<Command> {
        let mut command = match self.program {
            Program::Own(what) => {
                let model =
                    if self.task == Task::Vectors { &places.model } else { &places.tag_model };
                own(what, model, threads)?
            }
            Program::OwnInt8(scales) => {
                let model = match scales {
                    Scales::Token => &places.int8,
                    Scales::Fixed => &places.int8_fixed,
                };
                match model {
                    Ok(model) => own("vectors", model, threads)?,
                    Err(why) => bail!("there are no weights of 8 bits: {why}"),
                }
            }
            Program::Python { environment, file, way } => {
                let mut command = Command::new(places.python(environment)?);
                command.arg(places.peers.join(file)).arg(self.peer_model(places, way)?);
                command.arg(threads.to_string());
                if !way.is_empty() {
                    command.arg(way);
                }
                command.env("CLOZE_BENCH_CALIBRATION", &places.calibration);
                command
            }
            Program::Rust(name) => {
                let program = places.installed()?.join("rust/release").join(name);
                if !program.is_file() {
                    bail!("{}: not there; peers/install.sh builds it", program.display());
                }
                let mut command = Command::new(program);
                command.arg(self.peer_model(places, "")?).arg(threads.to_string());
                command.env("ORT_DYLIB_PATH", &places.runtime);
                command
            }
            Program::None(why) => bail!("{why}"),
        };
        settle(&mut command, threads);
        Ok(command)
    }

    /// Folder of the model that a peer runs in this way.
    fn peer_model<'p>(&self, places: &'p Places, way: &str) -> anyhow::Result<&'p Path> {
        match (self.task, &places.prepared) {
            (Task::Entities, _) => {
                // Of what the tagger comes as, there is one or the other.
                let needed = if way == "torch" { "model.safetensors" } else { "model.onnx" };
                let file = places.tag_model.join(needed);
                if ["onnx", "torch"].contains(&way) && !file.is_file() {
                    bail!("{}: not there, which it runs", file.display());
                }
                Ok(&places.tag_model)
            }
            (Task::Vectors, Ok(folder)) => Ok(folder),
            (Task::Vectors, Err(why)) => bail!("the model could not be prepared for it: {why}"),
        }
    }
}

/// This program as one that is measured.
pub(crate) fn own(what: &str, model: &Path, threads: usize) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["serve", what]).arg(model).arg(threads.to_string());
    Ok(command)
}

/// So many threads, whichever library makes them, which sleep while they wait where the environment can
/// say so; and no network.
pub(crate) fn settle(command: &mut Command, threads: usize) {
    for variable in
        ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"]
    {
        command.env(variable, threads.to_string());
    }
    command.env("OMP_WAIT_POLICY", "PASSIVE").env("KMP_BLOCKTIME", "0");
    command.env("TOKENIZERS_PARALLELISM", "true");
    // Adapters leave nothing in the source tree; packages were compiled when they were installed.
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command.env("HF_HUB_OFFLINE", "1").env("HF_HUB_DISABLE_TELEMETRY", "1");
    command.env("ORT_DISABLE_TELEMETRY", "1");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        Places {
            environment: None,
            peers: Path::new(env!("CARGO_MANIFEST_DIR")).join("peers"),
            model: "model".into(),
            prepared: Err("no torch".into()),
            int8: Err("no cloze command".into()),
            int8_fixed: Err("no cloze command".into()),
            calibration: "calibration.jsonl".into(),
            tag_model: "tags".into(),
            runtime: "libonnxruntime.so".into(),
        }
    }

    #[test]
    fn every_peer_has_its_file() {
        for system in &SYSTEMS {
            if let Program::Python { file, .. } = system.program {
                assert!(places().peers.join(file).is_file(), "{file}");
            }
        }
    }

    #[test]
    fn what_is_not_there_is_named() {
        let why = |system: &System| system.command(&places(), 1).unwrap_err().to_string();
        let of = |name: &str| SYSTEMS.iter().find(|system| system.name == name).unwrap();
        assert_eq!(why(of("gline-rs")), "no model for it is at hand");
        assert_eq!(why(of("fastembed")), "no --environment, which has the peers");
        assert!(SYSTEMS[0].command(&places(), 1).is_ok());
    }

    /// Each task has its reference, which comes first.
    #[test]
    fn names_tell_systems_apart() {
        for task in [Task::Vectors, Task::Entities] {
            let names: Vec<_> = SYSTEMS.iter().filter(|s| s.task == task).map(|s| s.name).collect();
            assert_eq!(names[0], REFERENCE);
            let distinct: std::collections::BTreeSet<_> = names.iter().collect();
            assert_eq!(distinct.len(), names.len());
        }
    }
}
