//! Flags of clustering.
use std::path::PathBuf;

use anyhow::bail;
use clap::{ArgGroup, Args, ValueEnum};

use crate::flags::format::{FormatFlags, OutputFormat};
use crate::flags::formulas::FormulaFlags;

/// Settings of clustering.
#[derive(Args)]
pub(crate) struct GroupingFlags {
    /// Clustering method
    #[arg(long, value_enum, default_value_t, value_name = "METHOD", help_heading = "Clusters")]
    pub(crate) method: ClusterMethod,
    /// Number of clusters (kmeans) [default: of 2 to 24, but at most one for 10 texts, the number with
    /// the highest mean silhouette, on at most 1,000 of the texts]
    #[arg(short = 'k', long, value_name = "N", help_heading = "Clusters")]
    pub(crate) clusters: Option<usize>,
    /// Number of random restarts; the best is kept (kmeans) [default: 10]
    #[arg(long, value_name = "N", help_heading = "Clusters")]
    pub(crate) runs: Option<usize>,
    /// Random seed (kmeans)
    #[arg(long, default_value_t = 0, value_name = "S", help_heading = "Clusters")]
    pub(crate) seed: u64,
    /// Minimum size of a cluster, in texts (hdbscan) [default: 5]
    #[arg(long, value_name = "N", help_heading = "Clusters")]
    pub(crate) min_size: Option<usize>,
    /// Number of principal components of the vectors (hdbscan): with more nothing is dense
    /// [default: 10]
    #[arg(long, value_name = "N", help_heading = "Clusters")]
    pub(crate) components: Option<usize>,
}

/// Destination of clusters.
#[derive(Args)]
#[command(group = ArgGroup::new("cluster-files").args(["output", "html"]).multiple(true))]
pub(crate) struct ClusterOutFlags {
    #[command(flatten)]
    pub(crate) format: FormatFlags<ClusterFormat>,
    /// Write to a file
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Write a page with a map of the texts and the clusters, too
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) html: Option<PathBuf>,
    /// Replace existing files
    #[arg(long, requires = "cluster-files", help_heading = "Output")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) formulas: FormulaFlags,
}

/// Clustering methods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClusterMethod {
    /// A given number of clusters; every text is in one
    #[default]
    Kmeans,
    /// Clusters where texts are dense; the other texts are in none
    Hdbscan,
}

/// Output formats of clusters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClusterFormat {
    /// Each cluster with its words and the texts nearest to its centre, for reading
    Pretty,
    /// One JSON object per text
    #[value(alias = "json")]
    Jsonl,
    /// One row per text
    Csv,
}

impl OutputFormat for ClusterFormat {
    const JSON: Self = Self::Jsonl;
    const HELP: &'static str = "Output format [default: by the ending of --output, else pretty]";
}

impl GroupingFlags {
    /// Checks that the flags go together.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        match self.method {
            ClusterMethod::Kmeans if self.min_size.is_some() || self.components.is_some() => {
                bail!("--min-size and --components are for --method hdbscan")
            }
            ClusterMethod::Hdbscan if self.clusters.is_some() || self.runs.is_some() => {
                bail!(
                    "--clusters and --runs are for --method kmeans: hdbscan finds how many there are"
                )
            }
            ClusterMethod::Kmeans | ClusterMethod::Hdbscan => {}
        }
        for (flag, least, value) in [
            ("--clusters", 1, self.clusters),
            ("--runs", 1, self.runs),
            ("--min-size", 2, self.min_size),
            ("--components", 1, self.components),
        ] {
            if let Some(value) = value.filter(|value| *value < least) {
                bail!("{flag} is {value}: expected at least {least}");
            }
        }
        Ok(())
    }
}

impl ClusterOutFlags {
    /// Checks that the flags go together.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.output.is_some() && self.output == self.html {
            bail!("--output and --html: named for two results");
        }
        Ok(())
    }

    pub(crate) fn format(&self) -> ClusterFormat {
        self.format.given().unwrap_or(ClusterFormat::Pretty)
    }
}
