//! `cloze-cluster`: jobs over Parquet files in this process, or on a cluster of Ballista.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command prints")]
mod args;
#[cfg(feature = "cluster")]
mod cluster;
mod run;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use cloze_datafusion::{EnvironmentStores, ModelName, fetch_models};

use args::{Cli, Command, FetchArgs};

/// Environment variable that keeps ONNX Runtime from reporting on the process to its maker.
const NO_REPORTS: &str = "ORT_DISABLE_TELEMETRY";

fn main() -> ExitCode {
    // Set here, where there are no other threads yet; any other value is leave to report.
    temp_env::with_var(NO_REPORTS, Some("1"), run_and_exit)
}

fn run_and_exit() -> ExitCode {
    let cli = Cli::parse();
    // Plans nest deeply, and programs without optimisation use much stack.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(16 << 20)
        .build();
    let result = runtime.map_err(anyhow::Error::from).and_then(|runtime| {
        let result = runtime.block_on(run_command(cli.command));
        // Nothing waits for a batch that is still computed after a job was stopped.
        runtime.shutdown_background();
        result
    });
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{}", message(&error));
            ExitCode::from(2)
        }
    }
}

async fn run_command(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Run(args) => run::run(args).await,
        #[cfg(feature = "cluster")]
        Command::Scheduler(args) => cluster::scheduler(args).await,
        #[cfg(feature = "cluster")]
        Command::Executor(args) => cluster::executor(args).await,
        Command::Fetch(args) => fetch(&args).await,
        Command::Hash(args) => {
            let models = args.models.build()?;
            for name in &args.names {
                let name = ModelName::parse(name);
                let found = models.find("cloze-cluster hash", &name)?;
                println!("{}@{}", name.name, found.sha256);
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Copies models from an object store, and prints each with its hash.
async fn fetch(args: &FetchArgs) -> anyhow::Result<ExitCode> {
    let into = args.into.clone().or_else(cloze::checkpoint::install_root).context(
        "the user's data folder is not known\nhint: --into or CLOZE_MODELS names a folder for models",
    )?;
    let names: Vec<_> = args.names.iter().map(|name| ModelName::parse(name)).collect();
    for model in fetch_models(&EnvironmentStores::default(), &args.url, &names, &into).await? {
        println!("{}", model.name);
        let state = if model.was_there { "was there" } else { "fetched" };
        eprintln!("{}: {state}", model.folder.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Text of an error with its causes; hints on lines of their own at the end.
fn message(error: &anyhow::Error) -> String {
    let (mut text, mut hints) = (String::from("error"), String::new());
    for cause in error.chain() {
        let cause = cause.to_string();
        let (message, hint) = cause.split_once("\nhint: ").unwrap_or((&cause, ""));
        if !text.ends_with(message) {
            text = format!("{text}: {message}");
        }
        for hint in hint.split("\nhint: ").filter(|hint| !hint.is_empty()) {
            hints = format!("{hints}\nhint: {hint}");
        }
    }
    text + &hints
}
