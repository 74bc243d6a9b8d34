//! Table of a part of the input: what the query's table is replaced with for each part.
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::provider_as_source;
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, LogicalPlan, TableType};
use datafusion::physical_plan::ExecutionPlan;
use object_store::path::Path as ObjectPath;

use super::Part;
use crate::objects::{ObjectUrl, is_url};

/// Rows of a part, in the order of the file.
#[derive(Clone, Debug)]
pub(crate) struct PartTable {
    pub(crate) part: Part,
    pub(crate) schema: SchemaRef,
}

#[async_trait]
impl TableProvider for PartTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Part { path, file_bytes, changed, range, .. } = &self.part;
        let (store, location, changed) = if is_url(path) {
            let url = ObjectUrl::parse(&path.to_string_lossy())
                .map_err(|error| DataFusionError::External(error.into()))?;
            (url.store, url.path, *changed)
        } else {
            let changed = path.metadata().and_then(|metadata| metadata.modified()).ok();
            let location = ObjectPath::from_filesystem_path(path)?;
            (ObjectStoreUrl::local_filesystem(), location, changed)
        };
        let mut file =
            PartitionedFile::new_with_range(String::new(), *file_bytes, range.0, range.1);
        file.object_meta.location = location;
        // Caches of metadata go by the time of the last change.
        file.object_meta.last_modified = changed.unwrap_or(SystemTime::UNIX_EPOCH).into();
        let source = Arc::new(ParquetSource::new(self.schema.clone()));
        let config = FileScanConfigBuilder::new(store, source)
            .with_file(file)
            .with_limit(limit)
            .with_projection_indices(projection.cloned())?
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

/// The plan with every table replaced by that of a part.
pub(crate) fn plan_of_part(plan: &LogicalPlan, table: &PartTable) -> Result<LogicalPlan> {
    let replaced = plan.clone().transform_up(|node| {
        Ok(match node {
            LogicalPlan::TableScan(mut scan) => {
                scan.source = provider_as_source(Arc::new(table.clone()));
                Transformed::yes(LogicalPlan::TableScan(scan))
            }
            other => Transformed::no(other),
        })
    })?;
    Ok(replaced.data)
}
