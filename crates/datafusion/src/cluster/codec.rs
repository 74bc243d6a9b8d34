//! Tables of parts on their way to the scheduler; everything else as Ballista writes it.
use std::any::Any;
use std::sync::Arc;

use ballista_core::serde::BallistaLogicalExtensionCodec;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::common::TableReference;
use datafusion::datasource::file_format::FileFormatFactory;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Extension, LogicalPlan};
use datafusion_proto::logical_plan::LogicalExtensionCodec;

use crate::job::Part;
use crate::job::table::PartTable;

/// Bytes before a part, so that it is told from what others write.
const MAGIC: &[u8] = b"cloze-part-1 ";

/// Codec of logical plans with [`PartTable`]s.
#[derive(Debug, Default)]
pub(super) struct PartCodec(BallistaLogicalExtensionCodec);

impl LogicalExtensionCodec for PartCodec {
    fn try_decode(
        &self,
        buf: &[u8],
        inputs: &[LogicalPlan],
        ctx: &TaskContext,
    ) -> Result<Extension> {
        self.0.try_decode(buf, inputs, ctx)
    }

    fn try_encode(&self, node: &Extension, buf: &mut Vec<u8>) -> Result<()> {
        self.0.try_encode(node, buf)
    }

    fn try_decode_table_provider(
        &self,
        buf: &[u8],
        table_ref: &TableReference,
        schema: SchemaRef,
        ctx: &TaskContext,
    ) -> Result<Arc<dyn TableProvider>> {
        let Some(json) = buf.strip_prefix(MAGIC) else {
            return self.0.try_decode_table_provider(buf, table_ref, schema, ctx);
        };
        let part: Part = serde_json::from_slice(json)
            .map_err(|error| DataFusionError::Plan(format!("a part of the input: {error}")))?;
        Ok(Arc::new(PartTable { part, schema }))
    }

    fn try_encode_table_provider(
        &self,
        table_ref: &TableReference,
        node: Arc<dyn TableProvider>,
        buf: &mut Vec<u8>,
    ) -> Result<()> {
        let any: &dyn Any = node.as_ref();
        let Some(table) = any.downcast_ref::<PartTable>() else {
            return self.0.try_encode_table_provider(table_ref, node, buf);
        };
        buf.extend_from_slice(MAGIC);
        serde_json::to_writer(buf, &table.part)
            .map_err(|error| DataFusionError::Plan(format!("a part of the input: {error}")))
    }

    fn try_decode_file_format(
        &self,
        buf: &[u8],
        ctx: &TaskContext,
    ) -> Result<Arc<dyn FileFormatFactory>> {
        self.0.try_decode_file_format(buf, ctx)
    }

    fn try_encode_file_format(
        &self,
        buf: &mut Vec<u8>,
        node: Arc<dyn FileFormatFactory>,
    ) -> Result<()> {
        self.0.try_encode_file_format(buf, node)
    }
}
