//! The way through a decoded model: every node, every tensor, every call of a function.
use std::collections::HashMap;

use super::info::plain;
use crate::onnx::{
    AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, SparseTensorProto,
    TensorProto,
};

/// Use of a tensor.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    Initializer,
    Constant,
    /// An attribute of another operator.
    Setting,
}

/// A tensor and where it was found.
pub(super) struct Found<'a> {
    /// 0 in the main graph and below, `i + 1` in function `i`.
    pub(super) scope: usize,
    pub(super) name: &'a str,
    pub(super) tensor: &'a TensorProto,
    pub(super) place: Place,
    /// Position of the tensor, if ONNX Runtime does not take external data there from
    /// memory. Tried with 1.32: dense initializers and constants of the main graph are taken from
    /// it; for all others it opens a file, relative to the working directory.
    pub(super) unserved: Option<&'static str>,
}

/// All that a model is made of. A scope is the main graph or a function.
#[derive(Default)]
pub(super) struct Walk<'a> {
    /// Every node with its scope.
    pub(super) nodes: Vec<(usize, &'a NodeProto)>,
    pub(super) tensors: Vec<Found<'a>>,
    scopes: Vec<Scope>,
    functions: HashMap<Key<'a>, usize>,
}

/// A scope's own size, and what it calls.
#[derive(Default)]
struct Scope {
    nodes: usize,
    depth: usize,
    /// Function called, and depth of the call in sub-graphs.
    calls: Vec<(usize, usize)>,
}

/// Domain, name and overload: one function.
type Key<'a> = (&'a str, &'a str, &'a str);

/// Fault of a model's functions; both hold an index into its list of them.
#[derive(Clone, Copy)]
pub(super) enum Fault {
    Twice(usize),
    Loop(usize),
}

/// Size of a graph when each call is replaced by the called function.
#[derive(Clone, Copy, Default)]
pub(super) struct Extent {
    pub(super) nodes: usize,
    pub(super) depth: usize,
}

impl<'a> Walk<'a> {
    /// Walks through all of `model`, whose graph is `main`. Recursion is as deep as sub-graphs
    /// nest, which has been checked before decoding.
    pub(super) fn new(model: &'a ModelProto, main: &'a GraphProto) -> Result<Self, Fault> {
        let mut walk = Self::default();
        for (i, f) in model.functions.iter().enumerate() {
            let key = (plain(&f.domain), f.name.as_str(), f.overload.as_str());
            if walk.functions.insert(key, i).is_some() {
                return Err(Fault::Twice(i));
            }
        }
        walk.scopes.push(Scope::default());
        walk.graph(main, 0);
        for FunctionProto { node, attribute_proto, .. } in &model.functions {
            walk.scopes.push(Scope::default());
            walk.attributes(attribute_proto, "", Place::Setting, 0);
            walk.list(node, 0);
        }
        Ok(walk)
    }

    /// Whether the file itself defines the node's operator.
    pub(super) fn defines(&self, node: &NodeProto) -> bool {
        self.callee(node).is_some()
    }

    /// The extent of the main graph. Calls are followed from the callees up, not recursively: a
    /// chain of functions may be as long as the file allows.
    pub(super) fn extent(&self) -> Result<Extent, Fault> {
        let functions = self.scopes.get(1..).unwrap_or_default();
        let mut open: Vec<usize> = functions.iter().map(|f| f.calls.len()).collect();
        let mut callers = vec![vec![]; functions.len()];
        for (caller, scope) in functions.iter().enumerate() {
            for &(callee, _) in &scope.calls {
                callers[callee].push(caller);
            }
        }
        let mut extents = vec![Extent::default(); functions.len()];
        let mut ready: Vec<usize> = (0..functions.len()).filter(|f| open[*f] == 0).collect();
        while let Some(done) = ready.pop() {
            extents[done] = functions[done].extent(&extents);
            for &caller in &callers[done] {
                open[caller] -= 1;
                if open[caller] == 0 {
                    ready.push(caller);
                }
            }
        }
        if let Some(mut f) = (0..functions.len()).find(|f| open[*f] > 0) {
            // This one may only call one that calls itself: the way from open function to open
            // function ends in the loop.
            let mut seen = vec![false; functions.len()];
            while !std::mem::replace(&mut seen[f], true) {
                let mut calls = functions[f].calls.iter();
                f = calls.find(|(callee, _)| open[*callee] > 0).map_or(f, |(callee, _)| *callee);
            }
            return Err(Fault::Loop(f));
        }
        Ok(self.scopes.first().map_or(Extent::default(), |main| main.extent(&extents)))
    }

    fn graph(&mut self, graph: &'a GraphProto, depth: usize) {
        let sub = (depth > 0).then_some("a sub-graph");
        for tensor in &graph.initializer {
            self.tensor(tensor, &tensor.name, Place::Initializer, sub);
        }
        for sparse in &graph.sparse_initializer {
            let name = sparse.values.as_ref().map_or("", |values| values.name.as_str());
            self.sparse(sparse, name, Place::Initializer);
        }
        self.list(&graph.node, depth);
    }

    fn list(&mut self, nodes: &'a [NodeProto], depth: usize) {
        for node in nodes {
            self.nodes.push((self.scopes.len() - 1, node));
            let callee = self.callee(node);
            if let Some(scope) = self.scopes.last_mut() {
                scope.nodes += 1;
                scope.depth = scope.depth.max(depth);
                scope.calls.extend(callee.map(|callee| (callee, depth)));
            }
            let constant = plain(&node.domain).is_empty() && node.op_type == "Constant";
            let usage = if constant { Place::Constant } else { Place::Setting };
            let name = node.output.first().map_or("", String::as_str);
            self.attributes(&node.attribute, name, usage, depth);
        }
    }

    fn attributes(
        &mut self,
        list: &'a [AttributeProto],
        name: &'a str,
        usage: Place,
        depth: usize,
    ) {
        for attribute in list {
            // `value` is the one dense tensor that a constant has.
            let unserved = if usage == Place::Constant && attribute.name == "value" {
                (depth > 0).then_some("a sub-graph")
            } else {
                Some("an attribute")
            };
            if let Some(tensor) = &attribute.t {
                self.tensor(tensor, name, usage, unserved);
            }
            for tensor in &attribute.tensors {
                self.tensor(tensor, name, usage, Some("an attribute"));
            }
            for sparse in
                attribute.sparse_tensor.as_deref().into_iter().chain(&attribute.sparse_tensors)
            {
                self.sparse(sparse, name, usage);
            }
            for graph in attribute.g.as_deref().into_iter().chain(&attribute.graphs) {
                if let Some(scope) = self.scopes.last_mut() {
                    scope.depth = scope.depth.max(depth + 1);
                }
                self.graph(graph, depth + 1);
            }
        }
    }

    fn sparse(&mut self, sparse: &'a SparseTensorProto, name: &'a str, usage: Place) {
        for tensor in [&sparse.values, &sparse.indices].into_iter().flatten() {
            self.tensor(tensor, name, usage, Some("a sparse tensor"));
        }
    }

    fn tensor(
        &mut self,
        tensor: &'a TensorProto,
        name: &'a str,
        usage: Place,
        unserved: Option<&'static str>,
    ) {
        let scope = self.scopes.len() - 1;
        let unserved = if scope > 0 { Some("a function") } else { unserved };
        self.tensors.push(Found { scope, name, tensor, place: usage, unserved });
    }

    fn callee(&self, node: &NodeProto) -> Option<usize> {
        let key = (plain(&node.domain), node.op_type.as_str(), node.overload.as_str());
        self.functions.get(&key).copied()
    }
}

impl Scope {
    fn extent(&self, functions: &[Extent]) -> Extent {
        let base = Extent { nodes: self.nodes, depth: self.depth };
        self.calls.iter().fold(base, |sum, &(callee, depth)| Extent {
            nodes: sum.nodes.saturating_add(functions[callee].nodes),
            depth: sum.depth.max(depth + 1 + functions[callee].depth),
        })
    }
}
