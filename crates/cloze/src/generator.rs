//! Text generation: a decoder or an encoder–decoder opened by name.
use std::ops::Deref;

use cloze_core::Cancel;
use cloze_encoder::Runtime;
use cloze_encoder::decoder::DecoderParams;

use crate::{Error, ModelRef, Task, opening, tasks};

/// A decoder, or an encoder–decoder: prompts to texts. It can be shared between threads; its methods are those of
/// [`cloze_generate::Generator`].
///
/// ```
/// # let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../testkit/decoders");
/// # std::env::set_current_dir(models).unwrap();
/// use cloze::Generator;
/// use cloze::generate::GenerateParams;
///
/// let generator = Generator::open("./gpt2")?;
/// let params = GenerateParams::new().max_new_tokens(8).check()?;
/// let whole = generator.generate("The lamp", &params)?;
/// let mut parts = String::new();
/// for token in generator.generate_iter("The lamp", &params)? {
///     parts += &token?.text;
/// }
/// assert_eq!(parts, whole.text);
/// // An encoder–decoder, which reads its prompt first, and a beam search.
/// let generator = Generator::open("./bart")?;
/// let params = GenerateParams::new().max_new_tokens(8).beams(4).check()?;
/// assert!(generator.generate("The lamp", &params)?.tokens.len() <= 8);
/// # Ok::<(), cloze::Error>(())
/// ```
#[derive(Debug)]
pub struct Generator {
    inner: cloze_generate::Generator,
    name: String,
}

/// Settings of a [`Generator`].
#[derive(Clone, Debug)]
pub struct GeneratorBuilder {
    model: ModelRef,
    runtime: Option<Runtime>,
    params: DecoderParams,
}

impl GeneratorBuilder {
    /// ONNX Runtime to run on. Default: the one of the process, found at the first use and never
    /// downloaded.
    #[must_use]
    pub fn runtime(mut self, runtime: Runtime) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Threads of a run. Default: the cores that the process may use.
    #[must_use]
    pub fn threads(mut self, threads: impl Into<Option<usize>>) -> Self {
        self.params = self.params.threads(threads.into());
        self
    }

    /// Largest cache of keys and values, in MiB. Default 2048.
    #[must_use]
    pub fn max_cache_mib(mut self, mib: usize) -> Self {
        self.params = self.params.max_cache_mib(mib);
        self
    }

    /// Token that ends runs. Default: none.
    #[must_use]
    pub fn cancel(mut self, cancel: Cancel) -> Self {
        self.params = self.params.cancel(Some(cancel));
        self
    }

    /// Opens the model with these settings.
    ///
    /// # Errors
    /// [`Error::WrongTask`] for a model that is neither, with the command that fits;
    /// [`Error::Generate`] for a folder or settings that cannot be used; [`Error::Encoder`] where no
    /// runtime is given and there is none.
    pub fn open(self) -> Result<Generator, Error> {
        let model = self.model.find()?;
        let runtime = opening::runtime(self.runtime)?;
        let opened = cloze_generate::Generator::open(&runtime, &model, self.params);
        let inner = opened.map_err(|error| tasks::explain(&model, Task::Generate, error.into()))?;
        Ok(Generator { inner, name: model.name() })
    }
}

impl Generator {
    /// Opens a model with default settings: [`builder`](Self::builder) has others.
    ///
    /// # Errors
    /// As [`GeneratorBuilder::open`].
    pub fn open(model: impl Into<ModelRef>) -> Result<Self, Error> {
        Self::builder(model).open()
    }

    /// Settings to open a model with.
    #[must_use]
    pub fn builder(model: impl Into<ModelRef>) -> GeneratorBuilder {
        GeneratorBuilder { model: model.into(), runtime: None, params: DecoderParams::new() }
    }

    /// Name of the model.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Deref for Generator {
    type Target = cloze_generate::Generator;

    fn deref(&self) -> &Self::Target {
        &self.inner
    }
}
