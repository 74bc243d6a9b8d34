//! Comparing every number of a report with those of another.
use serde_json::{Map, Value};

/// Every number of `found` beside that of `expected`; the worst difference is printed.
#[track_caller]
pub(crate) fn assert_alike(found: &Value, expected: &Value, place: &str) -> f64 {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            let keys = |map: &Map<String, Value>| {
                let mut keys: Vec<_> = map.keys().cloned().collect();
                keys.sort();
                keys
            };
            assert_eq!(keys(found), keys(expected), "{place}");
            let each =
                found.iter().map(|(k, v)| assert_alike(v, &expected[k], &format!("{place}.{k}")));
            each.fold(0.0, f64::max)
        }
        (Value::Array(found), Value::Array(expected)) => {
            assert_eq!(found.len(), expected.len(), "{place}");
            let each = found.iter().zip(expected).enumerate();
            let each = each.map(|(i, (a, b))| assert_alike(a, b, &format!("{place}[{i}]")));
            each.fold(0.0, f64::max)
        }
        (Value::Number(a), Value::Number(b)) => {
            let [a, b] = [a, b].map(|n| n.as_f64().expect("a number"));
            assert!((a - b).abs() <= 1e-12, "{place}: found {a}, expected {b}");
            (a - b).abs()
        }
        _ if found == expected => 0.0,
        _ => panic!("{place}: found {found}, expected {expected}"),
    }
}
