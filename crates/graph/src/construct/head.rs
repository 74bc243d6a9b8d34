//! Heads on top of the layers.
use super::nodes::{float, int};
use super::{Build, head_name};
use crate::GraphError;
use cloze_checkpoint::layout::{Dense, MaskedHead};
use cloze_checkpoint::{Activation, Checkpoint, Head};

impl Build<'_> {
    /// Adds a head over the rows of the last hidden state that it reads: every token's for
    /// [`Head::Tokens`], those asked for or every token's for [`Head::MaskedLm`], and else the first
    /// token's. Its width.
    pub(super) fn head(
        &mut self,
        checkpoint: &Checkpoint,
        head: Head,
        top: &str,
    ) -> Result<usize, GraphError> {
        let layout = checkpoint.layout();
        let output = head_name(head);
        // `check_request` has seen that what is asked for is there.
        match head {
            Head::Pooler => {
                let Some(pooler) = &layout.pooler else { return Ok(0) };
                self.pooled(pooler, top)?;
                Ok(pooler.outputs)
            }
            Head::Tokens => {
                let Some(classifier) = &layout.tokens else { return Ok(0) };
                self.nodes.dense(top, classifier, output)?;
                Ok(classifier.outputs)
            }
            Head::Sequence => {
                let Some(sequence) = &layout.sequence else { return Ok(0) };
                let names = self.config.family.sequence;
                let inner = if names.dense.is_none() {
                    self.pooled(&sequence.dense, top)?
                } else {
                    self.dense_then(
                        top,
                        &sequence.dense,
                        names.activation.into(),
                        "sequence.inner",
                    )?
                };
                self.nodes.dense(&inner, &sequence.classifier, output)?;
                Ok(sequence.classifier.outputs)
            }
            Head::MaskedLm => {
                let Some(masked) = &layout.masked else { return Ok(0) };
                self.masked(masked, top)?;
                Ok(self.config.vocabulary)
            }
            Head::NextSentence => {
                let (Some(pooler), Some(next)) = (&layout.pooler, &layout.next_sentence) else {
                    return Ok(0);
                };
                let first = self.pooled(pooler, top)?;
                self.nodes.dense(&first, next, output)?;
                Ok(next.outputs)
            }
        }
    }

    fn pooled(&mut self, pooler: &Dense, top: &str) -> Result<String, GraphError> {
        let name = head_name(Head::Pooler);
        if self.nodes.has(name) {
            return Ok(name.to_owned());
        }
        self.dense_then(top, pooler, Activation::Tanh, name)
    }

    fn masked(&mut self, head: &MaskedHead, top: &str) -> Result<(), GraphError> {
        let (width, vocabulary) = (head.norm.width, self.config.vocabulary);
        let activation = self.config.masked_activation();
        let inner = self.dense_then(top, &head.dense, activation, "lm.inner")?;
        let [weight, bias] = self.nodes.norm(&head.norm)?;
        let epsilon = vec![float("epsilon", self.config.norm_epsilon), int("axis", -1)];
        let inputs = [&*inner, &*weight, &*bias];
        let normed = self.nodes.node("", "LayerNormalization", &inputs, "lm.normed", epsilon);
        let product =
            self.nodes.matmul(&normed, &head.decoder, [vocabulary, width], "lm.product")?;
        let bias = self.nodes.tensor(&head.bias, &[vocabulary])?;
        self.nodes.plain("Add", &[&product, &bias], head_name(Head::MaskedLm));
        Ok(())
    }
}
