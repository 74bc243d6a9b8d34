//! Activations as nodes: fused with a bias where ONNX Runtime has that.
use cloze_checkpoint::Activation;

use super::nodes::{MICROSOFT, Nodes, float};

impl Nodes<'_> {
    /// The activation of x, or of x + bias.
    pub(super) fn activation(
        &mut self,
        x: &str,
        bias: Option<&str>,
        activation: Activation,
        output: &str,
    ) -> String {
        if let Some(floor) = activation.floor() {
            self.floors.insert(output.to_owned(), floor);
        }
        let fused = match (activation, bias) {
            (Activation::Gelu, Some(_)) => Some("BiasGelu"),
            (Activation::Gelu, None) => Some("Gelu"),
            (Activation::GeluTanh, _) => Some("FastGelu"),
            _ => None,
        };
        if let Some(op) = fused {
            let inputs: Vec<&str> = [x].into_iter().chain(bias).collect();
            return self.node(MICROSOFT, op, &inputs, output, vec![]);
        }
        let sum = match bias {
            Some(bias) => self.plain("Add", &[x, bias], &format!("{output}.sum")),
            None => x.to_owned(),
        };
        match activation {
            Activation::QuickGelu => {
                let alpha = vec![float("alpha", 1.702)];
                self.node(MICROSOFT, "QuickGelu", &[&sum], output, alpha)
            }
            Activation::Silu => {
                let gate = self.plain("Sigmoid", &[&sum], &format!("{output}.gate"));
                self.plain("Mul", &[&sum, &gate], output)
            }
            Activation::Relu => self.plain("Relu", &[&sum], output),
            Activation::Tanh => self.plain("Tanh", &[&sum], output),
            Activation::Sigmoid => self.plain("Sigmoid", &[&sum], output),
            Activation::Gelu | Activation::GeluTanh => sum,
        }
    }
}
