//! Vectors of several choices of layers and poolings, made in one run of the encoder.
use cloze_embed::correction::Provenance;
use cloze_embed::{EmbedError, Layers, Level, Poolings, average};
use cloze_encoder::Mapped;

use super::{SentenceEncoder, States};
use crate::Error;

/// Choices of layers and poolings whose vectors an encoder makes in one run.
#[derive(Clone, Debug)]
pub struct VectorVariants<'e> {
    encoder: &'e SentenceEncoder,
    /// `None` where they are the encoder's own alone.
    variants: Option<Vec<Variant>>,
}

/// Vectors of a window, one for each choice, and its number of tokens.
type WindowVectors = (Vec<Vec<f32>>, usize);

#[derive(Clone, Debug)]
struct Variant {
    /// Layers by number.
    layers: Layers,
    /// Places of these layers in the encoder's results.
    places: Vec<usize>,
    poolings: Poolings,
}

impl<'e> VectorVariants<'e> {
    /// The encoder's own layers and pooling.
    #[must_use]
    pub fn own(encoder: &'e SentenceEncoder) -> Self {
        Self { encoder, variants: None }
    }

    /// These choices of an encoder that reads all of their layers: those of its
    /// [`states`](super::SentenceEncoderBuilder::states), whatever they are averaged to there.
    ///
    /// # Errors
    /// [`Error::Embed`] for layers that the model does not have; [`Error::Conflict`] for layers that the
    /// encoder does not read, for static vectors, and for other poolings than that of `[CLS]` where the
    /// encoder reads no other row.
    pub fn of(encoder: &'e SentenceEncoder, choices: &[(Layers, Poolings)]) -> Result<Self, Error> {
        let (Some(read), States::Layers(_)) = (&encoder.resolved, &encoder.states) else {
            return Err(Error::Conflict("static vectors have no layers to choose among"));
        };
        let count = encoder.model.layers().unwrap_or(0);
        let read = read.resolve(count)?;
        let mut variants = vec![];
        for (layers, poolings) in choices {
            if encoder.whole.is_some() && *poolings != encoder.poolings {
                return Err(Error::Conflict("an encoder of [CLS] alone reads no other rows"));
            }
            let numbers = layers.resolve(count)?;
            let place = |layer| read.iter().position(|read| *read == layer);
            let places: Option<Vec<usize>> = numbers.iter().copied().map(place).collect();
            let places = places.ok_or(Error::Conflict("a layer that the encoder does not read"))?;
            let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
            let layers = Layers::parse(&numbers.join(","))?;
            variants.push(Variant { layers, places, poolings: poolings.clone() });
        }
        Ok(Self { encoder, variants: Some(variants) })
    }

    /// The encoder.
    #[must_use]
    pub fn encoder(&self) -> &'e SentenceEncoder {
        self.encoder
    }

    /// Number of choices, at least 1 where they are the encoder's own.
    #[must_use]
    pub fn len(&self) -> usize {
        self.variants.as_ref().map_or(1, Vec::len)
    }

    /// Whether there is no choice.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn get(&self, variant: usize) -> Option<&Variant> {
        self.variants.as_ref()?.get(variant)
    }

    /// Poolings of a choice.
    #[must_use]
    pub fn poolings(&self, variant: usize) -> &Poolings {
        self.get(variant).map_or(&self.encoder.poolings, |variant| &variant.poolings)
    }

    /// Origin of a choice's vectors of texts, for corrections to be fitted on.
    ///
    /// # Errors
    /// As [`SentenceEncoder::provenance`].
    pub fn provenance(&self, variant: usize) -> Result<Provenance, Error> {
        let own = self.encoder.provenance(Level::Sentence)?;
        let Some(Variant { layers, poolings, .. }) = self.get(variant) else { return Ok(own) };
        let width = poolings.width_out(self.encoder.hidden);
        Ok(Provenance { layers: layers.clone(), pooling: poolings.clone(), width, ..own })
    }

    /// Vectors of each text as they are pooled, one for each choice, `[texts][variants]`: of each the
    /// same as [`SentenceEncoder::pool`] of an encoder of that choice, bit for bit.
    ///
    /// # Errors
    /// As [`SentenceEncoder::pool`].
    pub fn pool<T: AsRef<str>>(&self, texts: &[T]) -> Result<Vec<Vec<Vec<f32>>>, Error> {
        let encoder = self.encoder;
        let Some(variants) = &self.variants else {
            return Ok(encoder.pool(texts)?.into_iter().map(|vector| vec![vector]).collect());
        };
        let prompted = encoder.prompted(texts);
        let texts: Vec<&str> = prompted.iter().map(AsRef::as_ref).collect();
        let mapped = encoder.encoder.map_windows(&texts, |window| {
            let pool = |variant: &Variant| {
                let states: Vec<&[f32]> =
                    variant.places.iter().map(|&place| window.rows(place)).collect();
                match states[..] {
                    [only] => variant.poolings.pool(only, encoder.hidden),
                    _ => variant.poolings.pool(&average(&states)?, encoder.hidden),
                }
            };
            let pooled = variants.iter().map(pool).collect::<Result<Vec<_>, EmbedError>>()?;
            Ok::<_, Error>((pooled, window.kept.len()))
        })?;
        mapped.into_iter().map(|text| self.combined(variants, text)).collect()
    }

    /// Vectors of a text from those of its windows.
    fn combined(
        &self,
        variants: &[Variant],
        text: Mapped<Result<WindowVectors, Error>>,
    ) -> Result<Vec<Vec<f32>>, Error> {
        let windows = text.windows.into_iter().collect::<Result<Vec<_>, _>>()?;
        let mut vectors = vec![];
        for (i, Variant { poolings, .. }) in variants.iter().enumerate() {
            if windows.is_empty() {
                vectors.push(vec![0.0; poolings.width_out(self.encoder.hidden)]);
                continue;
            }
            let of_variant: Vec<(Vec<f32>, usize)> =
                windows.iter().map(|(pooled, tokens)| (pooled[i].clone(), *tokens)).collect();
            vectors.push(poolings.combine(&of_variant)?);
        }
        Ok(vectors)
    }
}
