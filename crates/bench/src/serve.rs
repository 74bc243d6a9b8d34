//! The side that is measured: cloze as a process of its own, as its peers are.
use std::collections::HashMap;
use std::io::{BufRead as _, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::bail;
use cloze::encoder::decoder::Asked;
use cloze::{Aggregation, Decode, Generator, Matrix, Pooling, Poolings, SentenceEncoder, Tagger};
use cloze_checkpoint::ModelFolder;
use cloze_core::{Entity, OffsetConverter, OffsetUnit};
use cloze_encoder::{EncodingCounts, Runtime, RuntimeParams};
use cloze_testkit::{Random, texts};
use serde_json::{Map, Value, json};

use crate::args::{ServeArgs, Served};
use crate::gemm::{Bits, Gemm};
use crate::protocol::{Answer, Ready, Request};

enum System {
    Vectors(Box<SentenceEncoder>),
    Entities(Box<Tagger>),
    Decoder(Box<Generator>),
    Gemm(Box<Gemm>),
}

enum Results {
    Vectors(Matrix),
    Entities(Vec<Vec<Entity>>),
    Nothing,
}

/// Answers requests from standard input, until there are none.
pub(crate) fn run(args: &ServeArgs) -> anyhow::Result<()> {
    let (mut system, versions) = System::open(args)?;
    answer(&Ready { versions })?;
    let mut files = HashMap::new();
    for line in std::io::stdin().lock().lines() {
        answer(&system.answer(&serde_json::from_str(&line?)?, &mut files)?)?;
    }
    Ok(())
}

fn answer(what: &impl serde::Serialize) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(what)?)?;
    Ok(out.flush()?)
}

impl System {
    /// With the versions of what does the work.
    fn open(args: &ServeArgs) -> anyhow::Result<(Self, Map<String, Value>)> {
        let mut versions = Map::new();
        let product = match args.what {
            Served::Gemm => Some(Bits::ThirtyTwo),
            Served::Gemm8 => Some(Bits::Eight),
            _ => None,
        };
        if let Some(bits) = product {
            let gemm = Gemm::open(&args.model, args.threads, bits)?;
            versions.insert("onnxruntime".into(), version(&args.model));
            return Ok((Self::Gemm(gemm.into()), versions));
        }
        let runtime =
            Runtime::load(&RuntimeParams::default().fetch(true), &mut |line| eprintln!("{line}"))?;
        versions.insert("cloze".into(), json!(env!("CARGO_PKG_VERSION")));
        versions.insert("onnxruntime".into(), version(runtime.path()));
        let (model, threads) = (ModelFolder::open(&args.model)?, Some(args.threads));
        if args.what == Served::Decoder {
            let generator = Generator::builder(model).threads(threads).runtime(runtime).open()?;
            return Ok((Self::Decoder(generator.into()), versions));
        }
        if args.what != Served::Entities {
            let pooling = match args.what {
                Served::First => Some(Pooling::Cls.into()),
                Served::FirstAndMean => Some(Poolings::parse("cls,mean")?),
                _ => None,
            };
            let encoder = SentenceEncoder::builder(model)
                .pooling(pooling)
                .truncate(true)
                .threads(threads)
                .runtime(runtime)
                .open()?;
            return Ok((Self::Vectors(encoder.into()), versions));
        }
        let tagger = Tagger::builder(model)
            .decode(Decode::Argmax)
            .aggregation(Aggregation::Simple)
            .min_score(0.0)
            .threads(threads)
            .runtime(runtime)
            .open()?;
        Ok((Self::Entities(tagger.into()), versions))
    }

    fn counts(&self) -> Option<EncodingCounts> {
        match self {
            Self::Vectors(encoder) => Some(encoder.counts()),
            Self::Entities(tagger) => Some(tagger.counts()),
            Self::Decoder(_) | Self::Gemm(_) => None,
        }
    }

    fn run(&mut self, texts: &[&str]) -> anyhow::Result<Results> {
        Ok(match self {
            Self::Vectors(encoder) => Results::Vectors(encoder.encode_matrix(texts)?),
            Self::Entities(tagger) => {
                let results = tagger.tag_batch(texts)?;
                Results::Entities(results.into_iter().collect::<Result<_, _>>()?)
            }
            Self::Gemm(gemm) => {
                gemm.run()?;
                Results::Nothing
            }
            Self::Decoder(_) => bail!("a decoder continues, and runs no texts"),
        })
    }

    fn answer(
        &mut self,
        request: &Request,
        files: &mut HashMap<PathBuf, Vec<String>>,
    ) -> anyhow::Result<Answer> {
        let path = match request {
            Request::Run { texts } | Request::Each { texts } | Request::Save { texts, .. } => texts,
            Request::Stream { count, words } => return self.stream(*count, *words),
            Request::Continue { before, new, cache } => {
                return self.go_on(*before, *new, *cache);
            }
        };
        let lines = match files.get(path) {
            Some(lines) => lines,
            None => &*files.entry(path.clone()).or_insert(read(path)?),
        };
        let texts: Vec<&str> = lines.iter().map(String::as_str).collect();
        let before = self.counts();
        let mut latencies = None;
        let started = Instant::now();
        let results = if let Request::Each { .. } = request {
            let mut last = started;
            let latency = |&text: &&str| {
                self.run(&[text])?;
                let before = std::mem::replace(&mut last, Instant::now());
                anyhow::Ok((last - before).as_secs_f64())
            };
            latencies = Some(texts.iter().map(latency).collect::<Result<_, _>>()?);
            Results::Nothing
        } else {
            self.run(&texts)?
        };
        let seconds = started.elapsed().as_secs_f64();
        if let Request::Save { to, .. } = request {
            save(&results, &texts, to)?;
        }
        let counts = before.zip(self.counts());
        let tokens = counts.map(|(before, after)| after.tokens - before.tokens);
        let padded = counts.map(|(before, after)| after.padded - before.padded);
        Ok(Answer { seconds, tokens, padded, latencies })
    }

    /// The likeliest tokens behind others, one by one.
    fn go_on(&self, before: usize, new: usize, cached: bool) -> anyhow::Result<Answer> {
        let Self::Decoder(generator) = self else { bail!("only a decoder continues") };
        let mut cache = generator.decoder().cache(1, before + new + 1)?;
        let mut next = |ids: &[u32]| {
            let mut best = 0;
            let asked = cache.append(&[ids], Asked::Last, &mut |_, _, logits| {
                let most = (0_u32..).zip(logits).max_by(|a, b| a.1.total_cmp(b.1));
                best = most.map_or(0, |(id, _)| id);
            });
            if !cached {
                cache.truncate(0);
            }
            asked.map(|()| best)
        };
        let mut ids: Vec<u32> = (0_u32..).map(|i| (i * 7919 + 13) % 200).take(before).collect();
        let mut done = 0;
        if cached {
            // The token behind those before, which is the first one's input.
            ids.push(next(&ids)?);
            done = before;
        }
        let mut latencies = vec![];
        for _ in 0..new {
            let started = Instant::now();
            let id = next(&ids[done..])?;
            latencies.push(started.elapsed().as_secs_f64());
            if cached {
                done = ids.len();
            }
            ids.push(id);
        }
        let seconds = latencies.iter().sum();
        Ok(Answer { seconds, latencies: Some(latencies), ..Answer::default() })
    }

    /// Vectors of texts that come one after the other and are gone when they have their vectors.
    fn stream(&mut self, count: u64, words: u32) -> anyhow::Result<Answer> {
        let Self::Vectors(encoder) = self else { bail!("only vectors are made of streams") };
        let before = encoder.counts();
        let mut random = Random::new(count);
        let texts = (0..count).map(|_| made(&mut random, words));
        let started = Instant::now();
        for vector in encoder.encode_iter(texts) {
            std::hint::black_box(vector?);
        }
        let seconds = started.elapsed().as_secs_f64();
        let after = encoder.counts();
        Ok(Answer {
            seconds,
            tokens: Some(after.tokens - before.tokens),
            padded: Some(after.padded - before.padded),
            latencies: None,
        })
    }
}

fn made(random: &mut Random, words: u32) -> String {
    let length = random.log_normal(f64::from(words)).round().clamp(1.0, 400.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 400")]
    texts::prose(random, length as usize)
}

/// ONNX Runtime says what it was built of, but not its version, which the names of its file and folder do.
fn version(library: &Path) -> Value {
    let names: Vec<_> = library.iter().rev().take(2).map(|name| name.to_string_lossy()).collect();
    json!(names.iter().rev().map(AsRef::as_ref).collect::<Vec<_>>().join("/"))
}

/// A text a line; of no file, none.
fn read(path: &Path) -> anyhow::Result<Vec<String>> {
    if path.as_os_str().is_empty() {
        return Ok(vec![]);
    }
    Ok(fs_err::read_to_string(path)?.lines().map(str::to_owned).collect())
}

fn save(results: &Results, texts: &[&str], to: &Path) -> anyhow::Result<()> {
    let mut out = BufWriter::new(fs_err::File::create(to)?);
    match results {
        Results::Nothing => {}
        Results::Vectors(vectors) => {
            for x in vectors.as_slice() {
                out.write_all(&x.to_le_bytes())?;
            }
        }
        Results::Entities(per_text) => {
            for (text, entities) in texts.iter().zip(per_text) {
                let mut unit = OffsetConverter::new(text, OffsetUnit::Char);
                let mut row = vec![];
                for entity in entities {
                    let offsets =
                        [entity.span.start, entity.span.end].map(|byte| unit.convert(byte));
                    row.push(json!([entity.label, offsets[0], offsets[1]]));
                }
                writeln!(out, "{}", Value::from(row))?;
            }
        }
    }
    Ok(out.flush()?)
}
