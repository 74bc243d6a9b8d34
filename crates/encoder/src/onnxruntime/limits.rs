//! Runs that are ended from outside: after a time, or when they are cancelled.
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use cloze_core::Cancelled;
use ort::session::RunOptions;

use crate::engine::{Cause, RunLimits};

/// Time between two looks at whether a run is cancelled.
const LOOK: Duration = Duration::from_millis(20);

/// A run that took longer than it may.
#[derive(Debug, thiserror::Error)]
#[error("ended after its limit of {} s", limit.as_secs_f64())]
struct TimedOut {
    limit: Duration,
}

/// Result of `run`, which a thread of its own ends with `options` at its limits. ONNX Runtime looks at that
/// between two nodes.
pub(super) fn within<T>(
    limits: &RunLimits,
    options: &RunOptions,
    run: impl FnOnce() -> ort::Result<T>,
) -> Result<T, Cause> {
    if limits.time.is_none() && limits.cancel.is_none() {
        return Ok(run()?);
    }
    std::thread::scope(|scope| {
        let (done, ended) = mpsc::channel::<()>();
        let watch = move || {
            let start = Instant::now();
            loop {
                if limits.cancel.as_ref().is_some_and(cloze_core::Cancel::is_cancelled) {
                    return options.terminate().is_ok().then(|| Cause::from(Cancelled));
                }
                let left = limits.time.map(|limit| limit.saturating_sub(start.elapsed()));
                if let (Some(limit), Some(Duration::ZERO)) = (limits.time, left) {
                    return options.terminate().is_ok().then(|| Cause::from(TimedOut { limit }));
                }
                let wait = left.map_or(LOOK, |left| left.min(LOOK));
                if ended.recv_timeout(wait) == Err(RecvTimeoutError::Disconnected) {
                    return None;
                }
            }
        };
        let watch = std::thread::Builder::new().spawn_scoped(scope, watch)?;
        let result = run();
        drop(done);
        match (result, watch.join()) {
            (Err(_), Ok(Some(cause))) => Err(cause),
            (result, _) => Ok(result?),
        }
    })
}

#[cfg(test)]
mod tests {
    use cloze_core::Cancel;
    use cloze_graph::check::CheckParams;
    use cloze_graph::onnx::{
        AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
        TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
    };
    use prost::Message as _;

    use super::*;
    use crate::engine::{EngineSession, GraphSource, Input, Values};
    use crate::{Runtime, RuntimeParams};

    fn value(name: &str, elem_type: i32) -> ValueInfoProto {
        let shape = Some(TensorShapeProto { dim: vec![] });
        let tensor_type = Some(TensorTypeProto { elem_type, shape });
        ValueInfoProto { name: name.into(), r#type: Some(TypeProto { tensor_type }) }
    }

    fn node(
        op: &str,
        input: &[&str],
        output: &[&str],
        attribute: Vec<AttributeProto>,
    ) -> NodeProto {
        let names = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect();
        let (input, output) = (names(input), names(output));
        NodeProto { op_type: op.into(), input, output, attribute, ..NodeProto::default() }
    }

    /// A session that adds 1 to its input and never stops.
    fn forever() -> Box<dyn EngineSession> {
        let yes = TensorProto {
            name: "yes".into(),
            data_type: 9,
            raw_data: vec![1].into(),
            ..TensorProto::default()
        };
        let increment = TensorProto {
            name: "one".into(),
            data_type: 7,
            raw_data: 1_i64.to_le_bytes().to_vec().into(),
            ..TensorProto::default()
        };
        let body = GraphProto {
            name: "body".into(),
            input: vec![value("i", 7), value("go", 9), value("x", 7)],
            output: vec![value("on", 9), value("z", 7)],
            node: vec![
                node("Identity", &["go"], &["on"], vec![]),
                node("Add", &["x", "one"], &["z"], vec![]),
            ],
            ..GraphProto::default()
        };
        let body = AttributeProto {
            name: "body".into(),
            g: Some(Box::new(body)),
            r#type: 5,
            ..AttributeProto::default()
        };
        let to = AttributeProto { name: "to".into(), i: 1, r#type: 2, ..AttributeProto::default() };
        let graph = GraphProto {
            name: "g".into(),
            initializer: vec![yes, increment],
            input: vec![value("a", 7)],
            output: vec![value("y", 1)],
            node: vec![
                node("Loop", &["", "yes", "a"], &["b"], vec![body]),
                node("Cast", &["b"], &["y"], vec![to]),
            ],
            ..GraphProto::default()
        };
        let model = ModelProto {
            ir_version: 8,
            graph: Some(graph),
            opset_import: vec![OperatorSetIdProto { domain: String::new(), version: 17 }],
            ..ModelProto::default()
        };
        let check = CheckParams::new().allow_loops(true).check().unwrap();
        let checked = check.check_bytes(model.encode_to_vec().into(), "m".as_ref()).unwrap();
        let params = RuntimeParams::default().fetch(true);
        let runtime = Runtime::load(&params, &mut |_| {}).unwrap();
        runtime.engine().load(GraphSource::File(checked)).unwrap().session(1).unwrap()
    }

    fn run(session: &mut dyn EngineSession, limits: &RunLimits) -> String {
        let input = Input { name: "a", shape: vec![], data: Values::I64(vec![0]) };
        let error = session.run(vec![input], limits, &mut ["y"].into_iter(), &mut |_| {});
        error.unwrap_err().to_string()
    }

    #[test]
    fn a_run_without_end_is_ended() {
        let mut session = forever();
        let time = Some(Duration::from_millis(200));
        let start = Instant::now();
        let error = run(&mut *session, &RunLimits { time, cancel: None });
        assert_eq!(error, "ended after its limit of 0.2 s");
        assert!((200..5000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
        let cancel = Cancel::new();
        let given = cancel.clone();
        let other = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            given.cancel();
        });
        let limits = RunLimits { time: None, cancel: Some(cancel) };
        assert_eq!(run(&mut *session, &limits), "cancelled");
        other.join().unwrap();
    }
}
