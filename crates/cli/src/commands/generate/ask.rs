//! Prompts and chats of records.
use clap::Args;
use cloze::generate::{
    GenerateError, Generation, Message, PromptCache, TokenIter, ValidGenerateParams,
};
use cloze::{Error, Generator};

use crate::flags::read::ReadFlags;
use crate::input::texts::{Input, NotEncoded};

/// Fields of a prompt, the first that a record has.
const FIELDS: [&str; 6] = ["prompt", "text", "question", "message", "content", "input"];
/// Field of a chat.
const MESSAGES: &str = "messages";

/// Prompts as chats.
#[derive(Args, Clone)]
pub(crate) struct ChatFlags {
    /// Each prompt is a user's message in the model's chat template; records of JSON may have a whole
    /// chat in messages
    #[arg(long, help_heading = "Input")]
    pub(crate) chat: bool,
    /// System message before each chat
    #[arg(long, value_name = "TEXT", requires = "chat", help_heading = "Input")]
    pub(crate) system: Option<String>,
}

impl ChatFlags {
    /// Flags of the reader: of a record's fields, chats need another than texts.
    pub(crate) fn read(&self, read: &ReadFlags) -> ReadFlags {
        if !self.chat || read.text_field.is_some() {
            return read.clone();
        }
        ReadFlags { text_field: Some("*".into()), cells: true, ..read.clone() }
    }
}

/// A record that is no chat.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotChat {
    #[error("{path}:{line}: messages: expected a list of objects with role and content")]
    Messages { path: String, line: u64, source: serde_json::Error },
    #[error(
        "{path}:{line}: no field {MESSAGES:?}, and none that is known for a prompt; it has {found}\nhint: \
         --text-field"
    )]
    Fields { path: String, line: u64, found: String },
}

/// A record that no text is generated for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    #[error(transparent)]
    NotChat(#[from] NotChat),
    #[error(transparent)]
    NotGenerated(Box<NotEncoded>),
}

/// A decoder that records are given to; what prompts begin with alike it computes once.
pub(crate) struct Asker<'g> {
    generator: &'g Generator,
    cache: PromptCache<'g>,
    flags: ChatFlags,
}

impl<'g> Asker<'g> {
    /// An asker; a model without a chat template is refused where there are chats.
    pub(crate) fn new(generator: &'g Generator, flags: &ChatFlags) -> Result<Self, Error> {
        if flags.chat {
            generator.chat_template()?;
        }
        Ok(Self { generator, cache: PromptCache::new(generator), flags: flags.clone() })
    }

    /// Generates the texts of records, several at once.
    pub(crate) fn batch(
        &mut self,
        inputs: &[Input],
        params: &ValidGenerateParams,
    ) -> Result<Vec<Result<Generation, AskError>>, Error> {
        let (generator, failed) = (self.generator, |input: &Input, error: GenerateError| {
            AskError::NotGenerated(Box::new(input.not_encoded(error.into())))
        });
        if !self.flags.chat {
            let prompts: Vec<&str> = inputs.iter().map(|input| input.text.as_str()).collect();
            let texts = generator.generate_batch_from(&mut self.cache, &prompts, params)?;
            let texts = inputs.iter().zip(texts);
            return Ok(texts.map(|(input, text)| text.map_err(|e| failed(input, e))).collect());
        }
        let mut results: Vec<Result<Generation, AskError>> = vec![];
        let (mut chats, mut places) = (vec![], vec![]);
        let made: Vec<_> = inputs.iter().map(|input| self.messages(input)).collect();
        for (place, chat) in made.into_iter().enumerate() {
            match chat {
                Ok(chat) => {
                    chats.push(chat);
                    places.push(place);
                }
                Err(error) => results.push(Err(error.into())),
            }
        }
        let mut texts = generator.chat_batch(&mut self.cache, &chats, params)?.into_iter();
        let mut refused = results.into_iter();
        let result = |(place, input): (usize, &Input)| {
            if places.contains(&place) {
                texts.next().map(|text| text.map_err(|error| failed(input, error)))
            } else {
                refused.next()
            }
        };
        Ok(inputs.iter().enumerate().filter_map(result).collect())
    }

    /// Generates the text of a record token by token.
    pub(crate) fn stream<'p>(
        &mut self,
        input: &Input,
        params: &'p ValidGenerateParams,
    ) -> Result<TokenIter<'p>, AskError>
    where
        'g: 'p,
    {
        let generator = self.generator;
        let tokens = if self.flags.chat {
            let messages = self.messages(input)?;
            generator.chat_iter_from(&mut self.cache, &messages, params)
        } else {
            generator.generate_iter_from(&mut self.cache, &input.text, params)
        };
        tokens.map_err(|error| AskError::NotGenerated(Box::new(input.not_encoded(error.into()))))
    }

    /// The chat of a record.
    fn messages(&self, input: &Input) -> Result<Vec<Message>, NotChat> {
        let mut chat: Vec<Message> = self.flags.system.iter().map(Message::system).collect();
        let (path, line) = (input.path.clone(), input.line);
        let Some(cells) = &input.cells else {
            chat.push(Message::user(&input.text));
            return Ok(chat);
        };
        let place = |field: &str| cells.names.iter().position(|name| name == field);
        if let Some(place) = place(MESSAGES) {
            let messages: Vec<Message> = serde_json::from_str(&cells.values[place])
                .map_err(|source| NotChat::Messages { path, line, source })?;
            chat.extend(messages);
            return Ok(chat);
        }
        let alone = || (cells.names.len() == 1).then_some(0);
        let Some(place) = FIELDS.iter().find_map(|field| place(field)).or_else(alone) else {
            return Err(NotChat::Fields { path, line, found: cells.names.join(", ") });
        };
        chat.push(Message::user(&cells.values[place]));
        Ok(chat)
    }
}
