//! A look at the bytes before anything is decoded. A decoded message takes up to a hundred times
//! the room of its bytes (an empty node: 2 against some 170), so what would be decoded is counted
//! here first, without allocating.
//!
//! Source of the encoding: protobuf.dev, "Encoding". Groups are refused: ONNX has none.

/// Limits of decoding.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) nodes: usize,
    pub(super) depth: usize,
    pub(super) fields: usize,
}

/// Why not to decode.
#[derive(Debug, PartialEq)]
pub(super) enum Stop {
    Malformed { at: usize, what: &'static str },
    Nodes,
    Depth,
    Fields,
}

/// Counts of parts seen: every node, and every message, string and dimension.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Counts {
    pub(super) nodes: usize,
    pub(super) fields: usize,
}

/// Counts what decoding `bytes` as a model would make.
pub(super) fn count(bytes: &[u8], limits: Limits) -> Result<Counts, Stop> {
    let mut scan = Scan { limits, counts: Counts::default() };
    scan.message(Kind::Model, Wire { bytes, offset: 0 }, 0)?;
    Ok(scan.counts)
}

/// The messages of [`crate::onnx`]; `Leaf` is a string or bytes.
#[derive(Clone, Copy)]
enum Kind {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    Sparse,
    Function,
    Training,
    Value,
    Type,
    TensorType,
    Shape,
    Dimension,
    Opset,
    Entry,
    Leaf,
}

impl Kind {
    /// Contents of `field` of this message, if it is declared in [`crate::onnx`] and has a length.
    fn child(self, field: u32) -> Option<Self> {
        Some(match (self, field) {
            (Self::Model, 7) | (Self::Attribute, 6 | 11) | (Self::Training, 1 | 2) => Self::Graph,
            (Self::Model, 8) | (Self::Function, 9) => Self::Opset,
            (Self::Model, 20) => Self::Training,
            (Self::Model, 25) => Self::Function,
            (Self::Graph, 1) | (Self::Function, 7) => Self::Node,
            (Self::Node, 5) | (Self::Function, 11) => Self::Attribute,
            (Self::Graph, 5) | (Self::Attribute, 5 | 10) | (Self::Sparse, 1 | 2) => Self::Tensor,
            (Self::Graph, 15) | (Self::Attribute, 22 | 23) => Self::Sparse,
            (Self::Graph, 11 | 12) => Self::Value,
            (Self::Value, 2) => Self::Type,
            (Self::Type, 1) => Self::TensorType,
            (Self::TensorType, 2) => Self::Shape,
            (Self::Shape, 1) => Self::Dimension,
            (Self::Tensor, 13) => Self::Entry,
            (Self::Model, 2 | 3)
            | (Self::Graph | Self::Dimension, 2)
            | (Self::Node, 1..=4 | 7 | 8)
            | (Self::Attribute | Self::Value | Self::Opset, 1)
            | (Self::Tensor, 5 | 7..=9)
            | (Self::Function, 1 | 10 | 13)
            | (Self::Entry, 1 | 2) => Self::Leaf,
            _ => return None,
        })
    }

    /// Whether `field` is a list of numbers: as many as there are varints, or (packed) at most as
    /// there are bytes.
    fn dims(self, field: u32) -> bool {
        matches!((self, field), (Self::Tensor, 1) | (Self::Sparse, 3))
    }
}

struct Scan {
    limits: Limits,
    counts: Counts,
}

impl Scan {
    /// Recursion ends: only a graph can hold a message of its own kind, and its depth is limited.
    fn message(&mut self, kind: Kind, mut wire: Wire<'_>, depth: usize) -> Result<(), Stop> {
        while let Some((field, value)) = wire.next()? {
            if kind.dims(field) {
                self.add(value.map_or(1, |packed| packed.bytes.len()))?;
                continue;
            }
            let (Some(child), Some(inner)) = (kind.child(field), value) else { continue };
            self.add(1)?;
            let depth = match (kind, child) {
                (Kind::Attribute, Kind::Graph) if depth == self.limits.depth => {
                    return Err(Stop::Depth);
                }
                (Kind::Attribute, Kind::Graph) => depth + 1,
                _ => depth,
            };
            match child {
                Kind::Leaf => continue,
                Kind::Node if self.counts.nodes == self.limits.nodes => return Err(Stop::Nodes),
                Kind::Node => self.counts.nodes += 1,
                _ => {}
            }
            self.message(child, inner, depth)?;
        }
        Ok(())
    }

    fn add(&mut self, fields: usize) -> Result<(), Stop> {
        // Neither overflows: a count is at most the limit, a length at most the file's.
        self.counts.fields = self.counts.fields.saturating_add(fields);
        if self.counts.fields > self.limits.fields { Err(Stop::Fields) } else { Ok(()) }
    }
}

/// The fields of one message; `offset` counts from the beginning of the file.
struct Wire<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Wire<'a> {
    /// The next field's number, and its content if it has a length.
    fn next(&mut self) -> Result<Option<(u32, Option<Wire<'a>>)>, Stop> {
        let offset = self.offset;
        let bad = |what| Stop::Malformed { at: offset, what };
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let tag = self.varint().ok_or(bad("a number does not end"))?;
        let tag = u32::try_from(tag).map_err(|_| bad("a field's number is too large"))?;
        let (field, wire_type) = (tag >> 3, tag & 7);
        if field == 0 {
            return Err(bad("a field's number is 0"));
        }
        let cut = bad("a field is longer than what holds it");
        let value = match wire_type {
            0 => self.varint().map(|_| None),
            1 => self.take(8).map(|_| None),
            2 => self
                .varint()
                .and_then(|length| usize::try_from(length).ok())
                .and_then(|length| self.take(length).map(Some)),
            5 => self.take(4).map(|_| None),
            _ => return Err(bad("a field's type is unknown")),
        };
        Ok(Some((field, value.ok_or(cut)?)))
    }

    fn take(&mut self, length: usize) -> Option<Wire<'a>> {
        let (bytes, rest) = self.bytes.split_at_checked(length)?;
        let taken = Wire { bytes, offset: self.offset };
        (self.bytes, self.offset) = (rest, self.offset + length);
        Some(taken)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for i in 0..10 {
            let byte = *self.take(1)?.bytes.first()?;
            // The tenth byte has one bit left; protobuf's own readers refuse more, too.
            if i == 9 && byte > 1 {
                return None;
            }
            number |= u64::from(byte & 0x7f) << (7 * i);
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::*;
    use prost::Message;

    const OPEN: Limits = Limits { nodes: 100, depth: 2, fields: 1000 };

    fn graph(node: Vec<NodeProto>) -> GraphProto {
        GraphProto { node, ..Default::default() }
    }

    fn model(graph: GraphProto) -> Vec<u8> {
        ModelProto { graph: Some(graph), ..Default::default() }.encode_to_vec()
    }

    /// `depth` graphs, each in an attribute of the only node of the next.
    fn nest(depth: usize) -> GraphProto {
        (0..depth).fold(graph(vec![]), |inner, _| {
            let branch = AttributeProto { g: Some(Box::new(inner)), ..Default::default() };
            graph(vec![NodeProto { attribute: vec![branch], ..Default::default() }])
        })
    }

    fn text() -> String {
        "a".to_owned()
    }

    /// 1 + 2 dims + 2 parts of numbers + name + data + (1 + 2 strings) = 10 fields.
    fn tensor() -> TensorProto {
        TensorProto {
            dims: vec![1, 2],
            data_type: 1,
            int32_data: vec!["a".into()],
            int64_data: vec!["a".into()],
            name: text(),
            raw_data: "a".into(),
            external_data: vec![StringStringEntryProto { key: text(), value: text() }],
            data_location: 1,
        }
    }

    /// 1 + 10 + 10 + 3 = 24 fields.
    fn sparse() -> SparseTensorProto {
        SparseTensorProto {
            values: Some(Box::new(tensor())),
            indices: Some(Box::new(tensor())),
            dims: vec![1, 2, 3],
        }
    }

    /// 1 + name = 2 fields.
    fn empty() -> GraphProto {
        GraphProto { name: text(), ..Default::default() }
    }

    /// 1 + name + 10 + 2 + 10 + 2 + 24 + 24 = 74 fields.
    fn attribute() -> AttributeProto {
        AttributeProto {
            name: text(),
            i: 1,
            t: Some(Box::new(tensor())),
            g: Some(Box::new(empty())),
            tensors: vec![tensor()],
            graphs: vec![empty()],
            sparse_tensor: Some(Box::new(sparse())),
            sparse_tensors: vec![sparse()],
            ..AttributeProto::default()
        }
    }

    /// 1 + 6 strings + 74 = 81 fields.
    fn node() -> NodeProto {
        NodeProto {
            input: vec![text()],
            output: vec![text()],
            name: text(),
            op_type: text(),
            attribute: vec![attribute()],
            domain: text(),
            overload: text(),
        }
    }

    /// Every field that `onnx` declares, set once: a field that the table of kinds forgets would
    /// be decoded uncounted.
    #[test]
    fn every_declared_field_is_counted() {
        let dimension = |value| DimensionProto { value: Some(value) }; // 1, and 1 more for a name
        let shape = TensorShapeProto {
            dim: vec![
                dimension(DimensionValue::Value(1)),
                dimension(DimensionValue::Param(text())),
            ],
        }; // 1 + 1 + 2 = 4
        let value = ValueInfoProto {
            name: text(),
            r#type: Some(TypeProto {
                tensor_type: Some(TensorTypeProto { elem_type: 1, shape: Some(shape) }),
            }),
        }; // 1 + name + type + tensor type + 4 = 8
        let main = GraphProto {
            node: vec![node()],
            name: text(),
            initializer: vec![tensor()],
            input: vec![value.clone()],
            output: vec![value],
            sparse_initializer: vec![sparse()],
        }; // 1 + 81 + name + 10 + 8 + 8 + 24 = 133
        let opset = || OperatorSetIdProto { domain: text(), version: 1 }; // 2
        let model = ModelProto {
            ir_version: 1,
            producer_name: text(),
            producer_version: text(),
            graph: Some(main),
            opset_import: vec![opset()],
            training_info: vec![TrainingInfoProto {
                initialization: Some(Box::new(empty())),
                algorithm: Some(Box::new(empty())),
            }], // 1 + 2 + 2 = 5
            functions: vec![FunctionProto {
                name: text(),
                node: vec![node()],
                opset_import: vec![opset()],
                domain: text(),
                attribute_proto: vec![attribute()],
                overload: text(),
            }], // 1 + 3 strings + 81 + 2 + 74 = 161
        };
        // Two names + 133 + 2 + 5 + 161.
        let counts = count(&model.encode_to_vec(), OPEN);
        assert_eq!(counts, Ok(Counts { nodes: 2, fields: 2 + 133 + 2 + 5 + 161 }));
    }

    #[test]
    fn limits_are_reached_but_not_passed() {
        let node = NodeProto::default;
        let nodes = |n| Limits { nodes: n, ..OPEN };
        let three = model(graph(vec![node(), node(), node()]));
        assert_eq!(count(&three, nodes(2)), Err(Stop::Nodes));
        // The graph is a message, too.
        assert_eq!(count(&three, nodes(3)), Ok(Counts { nodes: 3, fields: 4 }));
        let fields = |n| Limits { fields: n, ..OPEN };
        assert_eq!(count(&three, fields(3)), Err(Stop::Fields));
        assert!(count(&three, fields(4)).is_ok());
        assert_eq!(count(&model(nest(3)), OPEN), Err(Stop::Depth));
        assert!(count(&model(nest(2)), OPEN).is_ok());
    }

    /// The largest depth that can be asked for is one that prost still decodes.
    #[test]
    fn the_largest_depth_decodes() {
        let depth = crate::check::MAX_DEPTH;
        let bytes = model(nest(depth));
        assert!(count(&bytes, Limits { depth, ..OPEN }).is_ok());
        assert!(ModelProto::decode(&*bytes).is_ok());
    }

    #[test]
    fn malformed_bytes_are_named_with_their_place() {
        let stop = |bytes: &[u8]| match count(bytes, OPEN) {
            Err(Stop::Malformed { at, what }) => (at, what),
            other => panic!("{other:?}"),
        };
        assert_eq!(count(b"", OPEN), Ok(Counts::default()));
        // 0x3a: field 7 (the graph), with a length; 0x08: field 1 (IR version), a number.
        assert_eq!(stop(b"\x3a\x05abc"), (0, "a field is longer than what holds it"));
        assert_eq!(stop(b"\x08\x07\x08"), (2, "a field is longer than what holds it"));
        assert_eq!(stop(b"\x08\x07\x00"), (2, "a field's number is 0"));
        // Within the graph, which begins at byte 2: 0x0b would begin a group.
        assert_eq!(stop(b"\x3a\x01\x0b"), (2, "a field's type is unknown"));
        assert_eq!(stop(&[0xff; 12]), (0, "a number does not end"));
        // A tenth byte has room for one bit.
        let long = |last| [b"\x08".as_slice(), &[0xff; 9], &[last]].concat();
        assert_eq!(count(&long(1), OPEN), Ok(Counts::default()));
        assert_eq!(stop(&long(2)), (0, "a field is longer than what holds it"));
        // 2^64 - 1 bytes: the length must not wrap round.
        assert_eq!(
            stop(b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
            (0, "a field is longer than what holds it")
        );
    }
}
