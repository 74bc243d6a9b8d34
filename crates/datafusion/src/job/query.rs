//! Queries that can be run part by part.
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, LogicalPlan, Volatility};

use super::JobError;

/// Checks that a row of the result depends on one row of `table` and on nothing else: no aggregate, join, order,
/// limit or subquery, and no function that changes with time.
pub(super) fn check_row_by_row(plan: &LogicalPlan, table: &str) -> Result<(), JobError> {
    let mut refused = None;
    let walked = plan.apply(|node| {
        refused = check_node(node, table)?;
        Ok(if refused.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    walked.map_err(JobError::Query)?;
    refused.map_or(Ok(()), Err)
}

fn check_node(node: &LogicalPlan, table: &str) -> Result<Option<JobError>, DataFusionError> {
    let error = match node {
        LogicalPlan::Projection(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Unnest(_) => None,
        LogicalPlan::TableScan(scan) => {
            let found = scan.table_name.table();
            let other =
                || JobError::OtherTable { table: table.to_owned(), found: found.to_owned() };
            (found != table).then(other)
        }
        other => {
            let found = other.display().to_string();
            Some(JobError::NotRowByRow { table: table.to_owned(), found })
        }
    };
    if error.is_some() {
        return Ok(error);
    }
    let mut error = None;
    for expr in node.expressions() {
        expr.apply(|expr| {
            error = check_expr(expr, table);
            Ok(if error.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        })?;
        if error.is_some() {
            break;
        }
    }
    Ok(error)
}

fn check_expr(expr: &Expr, table: &str) -> Option<JobError> {
    match expr {
        Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_) => {
            let found = format!("a subquery ({expr})");
            Some(JobError::NotRowByRow { table: table.to_owned(), found })
        }
        Expr::ScalarFunction(call) if call.func.signature().volatility != Volatility::Immutable => {
            Some(JobError::Volatile { function: call.func.name().to_owned() })
        }
        _ => None,
    }
}
