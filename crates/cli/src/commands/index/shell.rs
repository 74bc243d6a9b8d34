//! Interactive search: one query per line.
use std::io::{BufRead as _, IsTerminal as _, Write as _};

use anyhow::Context as _;
use cloze::search::index::Index;
use cloze::search::{Filter, RowSet};

use super::search::{find, open_encoder, write};
use crate::cli::CommonFlags;
use crate::commands::index::args::IndexShellArgs;
use crate::terminal::messages::Messages;
use crate::terminal::out::Out;

const HELP: &str = "a line is a query; :k N sets the number of results, :filter CONDITION … filters \
                    records, :filter alone removes the filter, :quit ends";

pub(super) fn run(
    common: &CommonFlags,
    args: &IndexShellArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    let folder = args.index.only(args.named.as_deref())?;
    let index = Index::open_with(&folder, args.how.open())?;
    let filter = args.how.filter.parse()?;
    let mut allowed = filter.map(|filter| index.rows_where(&filter)).transpose()?;
    let texts = open_encoder(common, index, &args.how.work, messages)?;
    let prompt = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let mut k = args.how.k.max(1);
    let mut out = Out::stdout(false);
    if prompt {
        messages.note(HELP);
    }
    let mut lines = std::io::stdin().lock().lines();
    loop {
        if prompt {
            write!(out, "> ")?;
        }
        out.flush()?;
        let Some(line) = lines.next() else { return out.finish() };
        let line = line.context("standard input")?;
        let line = line.trim();
        let (command, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let done = match command {
            "" => Ok(()),
            ":quit" | ":q" => return out.finish(),
            ":help" | ":h" => Ok(writeln!(out, "{HELP}")?),
            ":k" => match rest.trim().parse() {
                Ok(n) if n > 0 => {
                    k = n;
                    Ok(())
                }
                _ => Err(anyhow::anyhow!(":k takes a number from 1 on, found {rest:?}")),
            },
            ":filter" => only(texts.index(), rest).map(|rows| allowed = rows),
            _ if command.starts_with(':') => Err(anyhow::anyhow!("{command}: {HELP}")),
            _ => match find(&texts, &[line], &args.how, k, allowed.as_ref()) {
                Ok(hits) => {
                    let hits = hits.first().map(Vec::as_slice).unwrap_or_default();
                    write(texts.index(), None, line, hits, false, &mut out)
                }
                Err(error) => Err(error.into()),
            },
        };
        // A bad line costs itself alone.
        if let Err(error) = done {
            out.flush()?;
            messages.failure(error.as_ref());
        }
    }
}

/// Returns the rows that pass all conditions, which white space separates; `None` is all rows.
fn only(index: &Index, conditions: &str) -> anyhow::Result<Option<RowSet>> {
    let conditions: Vec<&str> = conditions.split_whitespace().collect();
    let filter = Filter::parse(&conditions)?;
    Ok(if filter.is_empty() { None } else { Some(index.rows_where(&filter)?) })
}
