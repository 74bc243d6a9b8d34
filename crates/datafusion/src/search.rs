//! `cloze_search`: the table of the records of an index that are most like a query.
use std::sync::Arc;

use cloze::IndexedHit;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::datasource::ViewTable;
use datafusion::error::Result;
use datafusion::logical_expr::{EmptyRelation, Expr, LogicalPlan, LogicalPlanBuilder, col, lit};

use crate::{Error, Models};

const NAME: &str = "cloze_search";
const CALL: &str = "cloze_search('INDEX', 'QUERY', k)";
/// Most records.
const MOST: i64 = 10_000;

/// `cloze_search('INDEX', 'QUERY', k)`: a table of `rank` (from 1), `score`, `id`, `text`, `path`, `line` and
/// `metadata` (JSON) of the `k` records of an index in a folder that are most like the query, best first, as
/// [`cloze::TextIndex::search`] has them. They are looked up while the query is planned and are part of the plan,
/// so that the index need not lie where the plan runs.
#[derive(Debug)]
pub(crate) struct Search {
    models: Models,
}

impl Search {
    pub(crate) const NAME: &'static str = NAME;

    pub(crate) fn new(models: &Models) -> Self {
        Self { models: models.clone() }
    }
}

impl TableFunctionImpl for Search {
    fn call_with_args(&self, args: TableFunctionArgs<'_, '_>) -> Result<Arc<dyn TableProvider>> {
        let exprs = args.exprs();
        let [index, query, k] = exprs else {
            let found = exprs.len();
            return Err(Error::ArgumentCount { function: NAME, expected: CALL, found }.into());
        };
        let index = text_of("the index", index)?;
        let query = text_of("the query", query)?;
        let k = count_of(k)?;
        let failed = |source| Error::Search { index: index.clone(), source: Box::new(source) };
        let hits = self.models.index(&index)?.search(&query, k).map_err(failed)?;
        Ok(Arc::new(ViewTable::new(table_of(&hits)?, None)))
    }
}

fn literal_of<'e>(argument: &'static str, expr: &'e Expr) -> Result<&'e ScalarValue, Error> {
    match expr {
        Expr::Literal(literal, _) => Ok(literal),
        _ => Err(Error::NotLiteral { function: NAME, argument }),
    }
}

fn text_of(argument: &'static str, expr: &Expr) -> Result<String, Error> {
    let literal = literal_of(argument, expr)?;
    if let Some(Some(text)) = literal.try_as_str() {
        return Ok(text.to_owned());
    }
    let (expected, found) = ("text in quotes", literal.to_string());
    Err(Error::Literal { function: NAME, argument, expected, found })
}

fn count_of(expr: &Expr) -> Result<usize, Error> {
    let literal = literal_of("k", expr)?;
    match literal {
        ScalarValue::Int64(Some(k)) if (1..=MOST).contains(k) => {
            Ok(usize::try_from(*k).expect("a number from 1 to 10000"))
        }
        _ => {
            let (expected, found) = ("a number from 1 to 10000", literal.to_string());
            Err(Error::Literal { function: NAME, argument: "k", expected, found })
        }
    }
}

/// Rows of the hits as a plan of literals, which any codec of plans can write.
fn table_of(hits: &[IndexedHit]) -> Result<LogicalPlan> {
    let schema = Schema::new(vec![
        Field::new("rank", DataType::Int64, true),
        Field::new("score", DataType::Float32, true),
        Field::new("id", DataType::Utf8, true),
        Field::new("text", DataType::Utf8, true),
        Field::new("path", DataType::Utf8, true),
        Field::new("line", DataType::Int64, true),
        Field::new("metadata", DataType::Utf8, true),
    ]);
    let names = schema.fields().iter().enumerate();
    let names = names.map(|(i, field)| col(format!("column{}", i + 1)).alias(field.name()));
    let names: Vec<Expr> = names.collect();
    let schema = Arc::new(DFSchema::try_from(schema)?);
    if hits.is_empty() {
        return Ok(LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: false, schema }));
    }
    let text = |text: &Option<String>| lit(ScalarValue::Utf8(text.clone()));
    let row = |(rank, hit): (i64, &IndexedHit)| {
        let record = &hit.record;
        let line = record.line.and_then(|line| i64::try_from(line).ok());
        let metadata = serde_json::to_string(&record.metadata).unwrap_or_default();
        vec![
            lit(rank),
            lit(hit.score),
            lit(record.id.as_str()),
            text(&record.text),
            text(&record.path),
            lit(ScalarValue::Int64(line)),
            lit(metadata),
        ]
    };
    let rows = (1..).zip(hits).map(row).collect();
    // Columns of literals are called column1, column2, …
    LogicalPlanBuilder::values_with_schema(rows, &schema)?.project(names)?.build()
}
