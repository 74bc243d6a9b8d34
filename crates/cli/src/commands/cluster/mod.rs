//! `cloze cluster`: clusters of texts by topic.
pub(crate) mod args;

use std::io::Write as _;

use anyhow::{Context as _, bail};
use cloze::Matrix;
use cloze_report::cells::Table;
use cloze_report::clusters::{ClusterReport, ClusterSection};
use cloze_train::cluster::kmeans::KMeansParams;
use cloze_train::cluster::summary::{ClusterSummary, mean_silhouette, summaries};
use cloze_train::cluster::{Clusters, density, kmeans, principal};

use crate::cli::CommonFlags;
use crate::commands::cluster::args::ClusterArgs;
use crate::commands::embed::note_truncated;
use crate::flags::grouping::{ClusterFormat, ClusterMethod, ClusterOutFlags, GroupingFlags};
use crate::input::gather;
use crate::input::texts::Input;
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::Out;

/// Default minimum size of a cluster, in texts (HDBSCAN).
const MIN_SIZE: usize = 5;
/// Default number of principal components (HDBSCAN). In all 384 dimensions of a vector nothing is dense:
/// of 300 support tickets in five classes none was in a cluster; with 10 components 100 are in four.
const COMPONENTS: usize = 10;

pub(crate) fn run(
    common: &CommonFlags,
    args: &ClusterArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    args.read.params()?;
    args.grouping.check()?;
    args.out.check()?;
    let encoder = args.vectors.open(common, messages)?;
    let files = Files::open(&args.out)?;
    let gathered = gather::gather(&encoder, &args.texts, &args.read, messages)?;
    note_truncated(&encoder, messages);
    files.write("text", &gathered.texts, &gathered.vectors(), &args.grouping, messages)
}

/// Output files of the clusters.
pub(crate) struct Files {
    html: Option<Out>,
    out: Out,
    format: ClusterFormat,
    table: Table,
}

impl Files {
    /// Opens the files before the work, so that a file that cannot be written fails early.
    pub(crate) fn open(args: &ClusterOutFlags) -> anyhow::Result<Self> {
        let html = args.html.as_deref().map(|path| Out::to(Some(path), args.force)).transpose()?;
        let out = Out::to(args.output.as_deref(), args.force)?;
        Ok(Self { html, out, format: args.format(), table: args.formulas.csv() })
    }

    /// Clusters texts, or other things named `what`, by their vectors, and writes the clusters.
    pub(crate) fn write(
        mut self,
        what: &'static str,
        texts: &[Input],
        vectors: &Matrix,
        grouping: &GroupingFlags,
        messages: &Messages,
    ) -> anyhow::Result<()> {
        let (clusters, method) = cluster(grouping, vectors)?;
        let report = report(what, texts, vectors, &clusters, method);
        // A file before standard output, whose reader may go away.
        if let Some(mut html) = self.html {
            html.write_all(report.page(&principal(vectors, 2)?)?.as_bytes())?;
            html.finish()?;
        }
        match self.format {
            ClusterFormat::Pretty => report.write_text(&mut self.out)?,
            ClusterFormat::Jsonl => report.write_jsonl(&mut self.out)?,
            ClusterFormat::Csv => report.write_csv(self.table, &mut self.out)?,
        }
        self.out.finish()?;
        if self.format != ClusterFormat::Pretty {
            messages.note(&report.summary());
        }
        Ok(())
    }
}

/// Describes the clusters of `texts`, or of other things named `what`.
fn report<'a>(
    what: &'a str,
    texts: &'a [Input],
    vectors: &Matrix,
    clusters: &Clusters,
    method: String,
) -> ClusterReport<'a> {
    let bare: Vec<&str> = texts.iter().map(|text| text.text.as_str()).collect();
    let sections = summaries(&bare, vectors, clusters).into_iter().zip(&clusters.sizes);
    let section = |(summary, &size): (ClusterSummary, &usize)| ClusterSection {
        size,
        words: summary.words,
        nearest: summary.nearest,
    };
    ClusterReport {
        unit: what,
        texts: texts.iter().map(Input::placed).zip(clusters.of.iter().copied()).collect(),
        clusters: sections.map(section).collect(),
        silhouette: mean_silhouette(vectors, clusters),
        method,
    }
}

/// Returns the clusters, and how their number was chosen.
fn cluster(args: &GroupingFlags, vectors: &Matrix) -> anyhow::Result<(Clusters, String)> {
    let failed = "the texts cannot be clustered";
    if args.method == ClusterMethod::Hdbscan {
        let min_size = args.min_size.unwrap_or(MIN_SIZE);
        let components = args.components.unwrap_or(COMPONENTS);
        let few = principal(vectors, components).context(failed)?;
        let clusters = density::cluster(&few, min_size).context(failed)?.with_centres_of(vectors);
        let components = plural(few.cols() as u64, "component");
        return Ok((clusters, format!("hdbscan of {components}, at least {min_size} texts each")));
    }
    let texts = vectors.rows();
    let (count, how) = match args.clusters {
        Some(count) if count > texts => {
            bail!("--clusters is {count}: expected at most the number of texts, {texts}")
        }
        Some(count) => (count, "k-means".to_owned()),
        None => {
            let chosen = kmeans::choose(vectors, args.seed).context(failed)?;
            let tried = match (chosen.tried.first(), chosen.tried.last()) {
                (Some((from, _)), Some((to, _))) if from < to => {
                    format!("k-means, the number chosen from {from} to {to} by silhouette")
                }
                _ => "k-means".to_owned(),
            };
            (chosen.clusters, tried)
        }
    };
    let mut params = KMeansParams::new(count).seed(args.seed);
    if let Some(runs) = args.runs {
        params = params.runs(runs);
    }
    Ok((params.check()?.fit(vectors).context(failed)?, how))
}
