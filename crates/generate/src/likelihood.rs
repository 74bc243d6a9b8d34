//! Probabilities that a decoder gives to a text's own tokens.
use cloze_core::Span;
use cloze_encoder::EncoderError;
use cloze_encoder::decoder::Asked;
use cloze_heads::masked::Logits;

use crate::GenerateError;
use crate::generator::Generator;

/// Most bytes of logits that a run of several texts gives.
const LOGITS_BYTES: usize = 64 << 20;

/// A token of a text and its probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TokenLikelihood {
    /// Id.
    pub id: u32,
    /// Bytes of the text that it stands for.
    pub span: Span,
    /// ln P(token | tokens before it); `None` for the first of a text that no token comes before.
    pub log_probability: Option<f64>,
}

/// A text's tokens and their probabilities.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Likelihood {
    /// In text order, without special tokens around the text.
    pub tokens: Vec<TokenLikelihood>,
    /// Windows that the text went through: more than one where it is longer than the model takes, none
    /// where it has no token to score.
    pub windows: usize,
}

impl Likelihood {
    /// Sum of the logarithms.
    #[must_use]
    pub fn log_probability(&self) -> f64 {
        self.tokens.iter().filter_map(|token| token.log_probability).fold(0.0, |sum, x| sum + x)
    }

    /// Number of tokens that have a probability.
    #[must_use]
    pub fn scored(&self) -> usize {
        self.tokens.iter().filter(|token| token.log_probability.is_some()).count()
    }

    /// exp(−mean of the logarithms): perplexity per token. `None` where no token has a probability.
    #[must_use]
    pub fn perplexity(&self) -> Option<f64> {
        let scored = self.scored();
        #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
        let perplexity = (-self.log_probability() / scored as f64).exp();
        (scored > 0).then_some(perplexity)
    }
}

/// A text at work.
struct Row {
    /// Tokens that go through the model: those that begin a text, and the text's own.
    ids: Vec<u32>,
    /// Number of those that begin it.
    before: usize,
    likelihood: Likelihood,
    failed: Option<GenerateError>,
}

impl Row {
    /// Takes the logits of the token at place `place`, which are of the token behind it.
    fn take(&mut self, place: usize, logits: &[f32]) {
        let token = place + 1;
        let Some(&id) = self.ids.get(token) else { return };
        match Logits::new(logits).and_then(|logits| logits.log_probability(id)) {
            Ok(log_probability) => {
                let known = token.checked_sub(self.before);
                if let Some(known) = known.and_then(|known| self.likelihood.tokens.get_mut(known)) {
                    known.log_probability = Some(log_probability);
                }
            }
            Err(source) => {
                self.failed.get_or_insert(GenerateError::Logits { token, source });
            }
        }
    }

    fn into_likelihood(self) -> Result<Likelihood, GenerateError> {
        self.failed.map_or(Ok(self.likelihood), Err)
    }
}

impl Generator {
    /// Id of the token that the first token of a text is scored behind: one that the tokenizer puts before
    /// texts, or else the model's. `None` where there is neither, and first tokens have no probability.
    ///
    /// # Errors
    /// [`GenerateError::Encoder`] where the tokenizer fails.
    pub fn start_token(&self) -> Result<Option<u32>, GenerateError> {
        let empty = self.decoder().encode("")?;
        Ok(empty.ids[..empty.text.start].last().copied().or(self.bos()))
    }

    /// Probability of each token of a text given those before it. A text that is longer than the model
    /// takes goes through windows of which each begins `stride` tokens behind the one before; a token has
    /// the probability of the first window that it is in, so that it is scored once, behind at least
    /// `positions − stride` tokens. Default: half of the positions.
    ///
    /// # Errors
    /// As [`likelihoods`](Self::likelihoods), and those of the text.
    pub fn likelihood(
        &self,
        text: &str,
        stride: Option<usize>,
    ) -> Result<Likelihood, GenerateError> {
        let mut likelihoods = self.likelihoods(&[text], stride, 1)?;
        likelihoods.pop().unwrap_or_else(|| Ok(Likelihood::default()))
    }

    /// The [likelihood](Self::likelihood) of each text, several at once, in batches of at most
    /// `batch_tokens` tokens, padding included. Each is what it is alone, bit for bit.
    ///
    /// Errors of one text are results: [`GenerateError::Logits`], and [`GenerateError::Encoder`] for one
    /// that the tokenizer fails on.
    ///
    /// # Errors
    /// [`GenerateError::Setting`] for a stride of 0 or of as many tokens as the model takes;
    /// [`GenerateError::Encoder`] for errors that are none of a text.
    pub fn likelihoods(
        &self,
        texts: &[&str],
        stride: Option<usize>,
        batch_tokens: usize,
    ) -> Result<Vec<Result<Likelihood, GenerateError>>, GenerateError> {
        let stride = self.stride(stride)?;
        let mut rows: Vec<_> = texts.iter().map(|text| self.row(text)).collect();
        let mut order: Vec<&mut Row> = rows.iter_mut().flatten().collect();
        order.sort_by_key(|row| row.ids.len());
        let mut rest = order.as_mut_slice();
        while !rest.is_empty() {
            let size = self.batch(rest, batch_tokens);
            let (batch, behind) = rest.split_at_mut(size);
            match batch {
                [row] => self.windows(row, stride)?,
                rows => self.together(rows)?,
            }
            rest = behind;
        }
        Ok(rows.into_iter().map(|row| row.and_then(Row::into_likelihood)).collect())
    }

    /// Stride of windows: the one given, or else half of the positions.
    ///
    /// # Errors
    /// [`GenerateError::Setting`] for one of 0 or of as many as the positions.
    pub fn stride(&self, stride: Option<usize>) -> Result<usize, GenerateError> {
        let positions = self.decoder().positions();
        let stride = stride.unwrap_or_else(|| (positions / 2).max(1));
        // Of a window that begins where the last ended, the first token would have nothing before it.
        let most = positions.saturating_sub(1).max(1);
        if (1..=most).contains(&stride) {
            return Ok(stride);
        }
        Err(GenerateError::Setting {
            setting: "stride",
            found: stride.to_string(),
            expected: format!("1 to {most}, one less than the tokens that the model takes"),
        })
    }

    fn row(&self, text: &str) -> Result<Row, GenerateError> {
        let prompt = self.decoder().encode(text)?;
        let mut ids = prompt.ids[..prompt.text.start].to_vec();
        if ids.is_empty() {
            ids.extend(self.bos());
        }
        let before = ids.len();
        let tokens = prompt.text.map(|i| (prompt.ids[i], prompt.spans[i]));
        let tokens = tokens.map(|(id, span)| TokenLikelihood { id, span, log_probability: None });
        let likelihood = Likelihood { tokens: tokens.collect(), windows: 0 };
        ids.extend(likelihood.tokens.iter().map(|token| token.id));
        Ok(Row { ids, before, likelihood, failed: None })
    }

    /// Number of the first of these rows, which are sorted by length, that go through the model together.
    fn batch(&self, rows: &[&mut Row], batch_tokens: usize) -> usize {
        let decoder = self.decoder();
        let longest = decoder.positions();
        let logits = LOGITS_BYTES / (4 * decoder.vocabulary()).max(1);
        let fits = |n: usize, len: usize| n * len <= batch_tokens.min(logits) && len <= longest;
        let mut n = 1;
        while n < rows.len() && fits(n + 1, rows[n].ids.len()) {
            n += 1;
        }
        n
    }

    /// Scores rows that the model takes whole.
    fn together(&self, rows: &mut [&mut Row]) -> Result<(), GenerateError> {
        let longest = rows.iter().map(|row| row.ids.len()).max().unwrap_or(0);
        let mut cache = self.decoder().cache(rows.len(), longest.max(1))?;
        let ids: Vec<Vec<u32>> = rows.iter().map(|row| row.ids.clone()).collect();
        let ids: Vec<&[u32]> = ids.iter().map(Vec::as_slice).collect();
        cache.append(&ids, Asked::All, &mut |row, place, logits| {
            rows[row].take(place, logits);
        })?;
        for row in rows {
            row.likelihood.windows = usize::from(!row.likelihood.tokens.is_empty());
        }
        Ok(())
    }

    /// Scores a row window by window.
    fn windows(&self, row: &mut Row, stride: usize) -> Result<(), GenerateError> {
        let (window, len) = (self.decoder().positions(), row.ids.len());
        // Tokens before this place are scored, or cannot be.
        let (mut start, mut known) = (0, row.before.max(1));
        while known < len && row.failed.is_none() {
            let end = (start + window).min(len);
            let ids = row.ids[start..end].to_vec();
            let mut cache = self.decoder().cache(1, ids.len())?;
            let asked = Asked::From(known.saturating_sub(start + 1));
            cache.append(&[&ids], asked, &mut |_, place, logits| {
                if start + place + 1 < end {
                    row.take(start + place, logits);
                }
            })?;
            row.likelihood.windows += 1;
            known = end;
            start += stride;
        }
        Ok(())
    }
}

impl GenerateError {
    /// Whether one text is the cause, so that others may still have results.
    #[must_use]
    pub fn is_of_one_text(&self) -> bool {
        matches!(
            self,
            Self::EmptyPrompt
                | Self::LongPrompt { .. }
                | Self::LongText { .. }
                | Self::NoContinuation { .. }
                | Self::Template { .. }
                | Self::Logits { .. }
                | Self::Encoder(EncoderError::Tokenize { .. } | EncoderError::Run { .. })
        )
    }
}
