//! The flow of values through a graph: cycles, loops, and operators that make large tensors of small ones.
//!
//! Tensors made at run time cannot be foreseen in general. Refused are sizes that the file itself says:
//! as constants, or as what a few plain operators make of constants.
use std::collections::{HashMap, HashSet};

use super::info::{elements, plain};
use crate::onnx::{AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto};

/// Operators of ONNX that run a sub-graph as often as they like.
const LOOPS: [&str; 2] = ["Loop", "Scan"];
/// The same of ONNX Runtime (`com.microsoft`): generation, of as many tokens as an attribute says.
const GENERATORS: [&str; 4] = ["BeamSearch", "GreedySearch", "Sampling", "WhisperBeamSearch"];
/// Most numbers of a constant that are looked at; a shape has fewer.
const MAX_NUMBERS: u64 = 64;

/// Fault of the flow, at a node.
pub(super) enum Fault<'a> {
    /// It needs what is made of its own result.
    Cycle(&'a NodeProto),
    Loop(&'a NodeProto),
    /// It makes more elements than allowed.
    Expansion(&'a NodeProto),
}

/// Constant, as far as it is known.
#[derive(Clone)]
enum Known {
    Numbers(Vec<f64>),
    /// In another file, or in a form that is not read.
    Outside,
}

/// A walk along the values.
pub(super) struct Flow<'a> {
    allow_loops: bool,
    max_elements: f64,
    /// Elements made so far.
    made: f64,
    /// Product of all repetitions.
    repeated: f64,
    /// Constants of the graph and of those around it.
    frames: Vec<HashMap<&'a str, Known>>,
}

impl<'a> Flow<'a> {
    /// Checks the main graph and all functions, with their sub-graphs. Recursion is as deep as sub-graphs
    /// nest, which has been checked before.
    pub(super) fn check(
        model: &'a ModelProto,
        main: &'a GraphProto,
        allow_loops: bool,
        max_elements: u64,
    ) -> Result<(), Fault<'a>> {
        #[expect(clippy::cast_precision_loss, reason = "a limit")]
        let max_elements = max_elements as f64;
        let frames = vec![];
        let mut flow = Self { allow_loops, max_elements, made: 0.0, repeated: 1.0, frames };
        flow.graph(main)?;
        for function in &model.functions {
            flow.frames.push(HashMap::new());
            flow.list(&function.node)?;
            flow.frames.clear();
        }
        Ok(())
    }

    fn graph(&mut self, graph: &'a GraphProto) -> Result<(), Fault<'a>> {
        let constants = graph.initializer.iter();
        let frame = constants.filter_map(|tensor| Some((tensor.name.as_str(), known(tensor)?)));
        self.frames.push(frame.collect());
        self.list(&graph.node)?;
        self.frames.pop();
        Ok(())
    }

    fn list(&mut self, nodes: &'a [NodeProto]) -> Result<(), Fault<'a>> {
        for node in in_order(nodes).map_err(Fault::Cycle)? {
            self.node(node)?;
            for graph in node.attribute.iter().flat_map(sub_graphs) {
                self.graph(graph)?;
            }
        }
        Ok(())
    }

    fn node(&mut self, node: &'a NodeProto) -> Result<(), Fault<'a>> {
        let op = node.op_type.as_str();
        let loops = match plain(&node.domain) {
            "" => LOOPS.contains(&op),
            "com.microsoft" => GENERATORS.contains(&op),
            _ => false,
        };
        if loops && !self.allow_loops {
            return Err(Fault::Loop(node));
        }
        // Sizes are taken for those of ONNX whatever the domain: ONNX Runtime has some of them, too.
        if let Some(made) = self.size(node) {
            if op == "Tile" {
                self.repeated *= made.max(1.0);
            } else {
                self.made += made;
            }
            // Not `>`, which is false for NaN.
            let inside = self.made <= self.max_elements && self.repeated <= self.max_elements;
            if !inside {
                return Err(Fault::Expansion(node));
            }
        }
        if let (Some(result), Some(output)) = (self.result(node), node.output.first())
            && let Some(frame) = self.frames.last_mut()
        {
            frame.insert(output, result);
        }
        Ok(())
    }

    /// Number of elements that a node makes, as far as constants say; infinite if a constant cannot be
    /// read.
    fn size(&self, node: &NodeProto) -> Option<f64> {
        let product = |numbers: &[f64]| numbers.iter().map(|n| n.abs().max(1.0)).product::<f64>();
        let attribute = |name: &str| node.attribute.iter().find(|a| a.name == name);
        let position = match node.op_type.as_str() {
            "ConstantOfShape" | "HannWindow" | "HammingWindow" | "BlackmanWindow" => 0,
            "Expand" | "Tile" | "Pad" | "OneHot" | "Upsample" => 1,
            "Resize" if node.input.get(3).is_some_and(|name| !name.is_empty()) => 3,
            "Resize" => 2,
            "Range" => {
                let [start, limit, step] = [0, 1, 2].map(|i| self.input(node, i));
                return match (start?, limit?, step?) {
                    (Known::Numbers(start), Known::Numbers(limit), Known::Numbers(step)) => {
                        Some(((limit.first()? - start.first()?) / step.first()?).abs())
                    }
                    _ => Some(f64::INFINITY),
                };
            }
            "RandomNormal" | "RandomUniform" => {
                return Some(product(&integers(&attribute("shape")?.ints)));
            }
            _ => return None,
        };
        match self.input(node, position)? {
            // Of pads at all ends.
            Known::Numbers(pads) if node.op_type == "Pad" => {
                Some(pads.iter().map(|n| n.abs() + 1.0).product())
            }
            Known::Numbers(numbers) => Some(product(numbers)),
            Known::Outside => Some(f64::INFINITY),
        }
    }

    fn input(&self, node: &NodeProto, position: usize) -> Option<&Known> {
        let name = node.input.get(position)?.as_str();
        self.frames.iter().rev().find_map(|frame| frame.get(name))
    }

    /// Result of a node that only makes numbers of constants.
    fn result(&self, node: &NodeProto) -> Option<Known> {
        if !plain(&node.domain).is_empty() {
            return None;
        }
        let first = || self.input(node, 0);
        match node.op_type.as_str() {
            "Constant" => node.attribute.iter().find_map(|attribute| {
                match (attribute.name.as_str(), &attribute.t) {
                    ("value", Some(tensor)) => known(tensor),
                    ("value_int", _) => Some(Known::Numbers(integers(&[attribute.i]))),
                    ("value_ints", _) => Some(Known::Numbers(integers(&attribute.ints))),
                    _ => None,
                }
            }),
            "Identity" | "Cast" | "Unsqueeze" | "Squeeze" | "Reshape" | "Flatten" => {
                first().cloned()
            }
            "Concat" => {
                let mut joined = vec![];
                for position in 0..node.input.len() {
                    match self.input(node, position)? {
                        Known::Numbers(numbers) => joined.extend(numbers),
                        Known::Outside => return Some(Known::Outside),
                    }
                    if joined.len() as u64 > MAX_NUMBERS {
                        return None;
                    }
                }
                Some(Known::Numbers(joined))
            }
            "Add" | "Mul" | "Sub" | "Pow" => match (first()?, self.input(node, 1)?) {
                (Known::Numbers(a), Known::Numbers(b)) => {
                    let length = a.len().max(b.len());
                    let number = |i: usize| {
                        let (a, b) = (a.get(i % a.len().max(1))?, b.get(i % b.len().max(1))?);
                        Some(match node.op_type.as_str() {
                            "Add" => a + b,
                            "Sub" => a - b,
                            "Pow" => a.powf(*b),
                            _ => a * b,
                        })
                    };
                    (0..length).map(number).collect::<Option<_>>().map(Known::Numbers)
                }
                _ => Some(Known::Outside),
            },
            _ => None,
        }
    }
}

fn sub_graphs(attribute: &AttributeProto) -> impl Iterator<Item = &GraphProto> {
    attribute.g.as_deref().into_iter().chain(&attribute.graphs)
}

/// Adds the names that a node takes, those that its sub-graphs take from outside among them.
fn needs<'a>(node: &'a NodeProto, names: &mut Vec<&'a str>) {
    names.extend(node.input.iter().map(String::as_str).filter(|name| !name.is_empty()));
    for graph in node.attribute.iter().flat_map(sub_graphs) {
        // Its outputs are its own: ONNX Runtime refuses one from outside.
        let mut inside = vec![];
        graph.node.iter().for_each(|node| needs(node, &mut inside));
        // A sub-graph's own values come before those around it of the same name.
        let made = graph.node.iter().flat_map(|node| &node.output).map(String::as_str);
        let given = graph.input.iter().map(|value| value.name.as_str());
        let constants = graph.initializer.iter().map(|tensor| tensor.name.as_str());
        let defined: HashSet<&str> = made.chain(given).chain(constants).collect();
        names.extend(inside.into_iter().filter(|name| !defined.contains(name)));
    }
}

/// The nodes in an order in which they can run; a node that none is possible for. Source: Kahn, CACM 1962.
fn in_order(nodes: &[NodeProto]) -> Result<Vec<&NodeProto>, &NodeProto> {
    let mut makers = HashMap::new();
    for (i, node) in nodes.iter().enumerate() {
        makers.extend(
            node.output.iter().filter(|name| !name.is_empty()).map(|name| (name.as_str(), i)),
        );
    }
    let (mut waiting, mut takers) = (vec![0_usize; nodes.len()], vec![vec![]; nodes.len()]);
    let mut names = vec![];
    for (i, node) in nodes.iter().enumerate() {
        names.clear();
        needs(node, &mut names);
        for maker in names.iter().filter_map(|name| makers.get(name)) {
            waiting[i] += 1;
            takers[*maker].push(i);
        }
    }
    let mut order: Vec<usize> = (0..nodes.len()).filter(|&i| waiting[i] == 0).collect();
    let mut next = 0;
    while let Some(&done) = order.get(next) {
        next += 1;
        for &taker in &takers[done] {
            waiting[taker] -= 1;
            if waiting[taker] == 0 {
                order.push(taker);
            }
        }
    }
    if order.len() == nodes.len() {
        return Ok(order.into_iter().map(|i| &nodes[i]).collect());
    }
    // Behind a cycle, or in it: back from maker to maker the way ends in it.
    let mut seen = vec![false; nodes.len()];
    let mut node = waiting.iter().position(|&n| n > 0).unwrap_or(0);
    while !std::mem::replace(&mut seen[node], true) {
        names.clear();
        needs(&nodes[node], &mut names);
        let mut open =
            names.iter().filter_map(|name| makers.get(name)).filter(|i| waiting[**i] > 0);
        node = open.next().copied().unwrap_or(node);
    }
    Err(&nodes[node])
}

#[expect(clippy::cast_precision_loss, reason = "sizes, compared with a limit")]
fn integers(numbers: &[i64]) -> Vec<f64> {
    numbers.iter().map(|&n| n as f64).collect()
}

/// Numbers of a constant; `None` for one too large to be a shape, and for one of other types.
fn known(tensor: &TensorProto) -> Option<Known> {
    let count = elements(tensor);
    if count > MAX_NUMBERS || !matches!(tensor.data_type, 1 | 6 | 7) {
        return None;
    }
    let raw = &tensor.raw_data;
    let numbers: Vec<f64> = match tensor.data_type {
        1 => raw
            .as_chunks::<4>()
            .0
            .iter()
            .map(|bytes| f64::from(f32::from_le_bytes(*bytes)))
            .collect(),
        6 if raw.is_empty() => integers(&varints(&tensor.int32_data)),
        6 => raw
            .as_chunks::<4>()
            .0
            .iter()
            .map(|bytes| f64::from(i32::from_le_bytes(*bytes)))
            .collect(),
        _ if raw.is_empty() => integers(&varints(&tensor.int64_data)),
        _ => integers(
            &raw.as_chunks::<8>()
                .0
                .iter()
                .map(|bytes| i64::from_le_bytes(*bytes))
                .collect::<Vec<_>>(),
        ),
    };
    let whole = numbers.len() as u64 == count;
    Some(if whole { Known::Numbers(numbers) } else { Known::Outside })
}

/// Packed numbers. Source: protobuf.dev, "Encoding".
fn varints(parts: &[bytes::Bytes]) -> Vec<i64> {
    let (mut numbers, mut number, mut shift) = (vec![], 0_u64, 0);
    for byte in parts.iter().flatten() {
        if shift < 64 {
            number |= u64::from(byte & 0x7f) << shift;
        }
        shift += 7;
        if byte & 0x80 == 0 {
            numbers.push(number.cast_signed());
            (number, shift) = (0, 0);
        }
        if numbers.len() as u64 > MAX_NUMBERS {
            break;
        }
    }
    numbers
}
