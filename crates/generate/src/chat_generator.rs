//! Answers to chats.
use crate::prefix::PromptCache;
use crate::{
    ChatTemplate, GenerateError, Generation, Generator, Message, TokenIter, ValidGenerateParams,
};

impl Generator {
    /// The model's chat template.
    ///
    /// # Errors
    /// [`GenerateError::NoChatTemplate`] for a model that has none.
    pub fn chat_template(&self) -> Result<&ChatTemplate, GenerateError> {
        let none = || GenerateError::NoChatTemplate { model: self.name().to_owned() };
        self.template().ok_or_else(none)
    }

    /// Generates the next message of a chat.
    ///
    /// # Errors
    /// [`GenerateError::NoChatTemplate`]; [`GenerateError::Template`]; else as
    /// [`generate`](Self::generate).
    pub fn chat(
        &self,
        messages: &[Message],
        params: &ValidGenerateParams,
    ) -> Result<Generation, GenerateError> {
        self.finish(self.begin_ids(self.chat_ids(messages)?, params)?, params)
    }

    /// Generates the next message of a chat token by token.
    ///
    /// # Errors
    /// As [`chat`](Self::chat); those of later tokens come with them.
    pub fn chat_iter<'g>(
        &'g self,
        messages: &[Message],
        params: &'g ValidGenerateParams,
    ) -> Result<TokenIter<'g>, GenerateError> {
        self.begin_iter(self.begin_ids(self.chat_ids(messages)?, params)?, params)
    }

    /// As [`chat_iter`](Self::chat_iter), where the chat begins as the last one that went through `cache`
    /// does, such as its own messages before: what they share is not computed again.
    ///
    /// # Errors
    /// As [`chat_iter`](Self::chat_iter).
    pub fn chat_iter_from<'g>(
        &'g self,
        cache: &mut PromptCache<'_>,
        messages: &[Message],
        params: &'g ValidGenerateParams,
    ) -> Result<TokenIter<'g>, GenerateError> {
        self.begin_iter_from(cache, self.begin_ids(self.chat_ids(messages)?, params)?, params)
    }

    /// Generates the next message of each chat, several at once. What chats begin with alike, or like the
    /// last one that went through `cache`, is computed once. Each is what it is alone; an error in one
    /// affects only that one.
    ///
    /// # Errors
    /// [`GenerateError::Encoder`] for errors that are none of a chat.
    pub fn chat_batch(
        &self,
        cache: &mut PromptCache<'_>,
        chats: &[Vec<Message>],
        params: &ValidGenerateParams,
    ) -> Result<Vec<Result<Generation, GenerateError>>, GenerateError> {
        let rows = chats.iter().map(|chat| self.begin_ids(self.chat_ids(chat)?, params)).collect();
        self.generate_rows(Some(cache), rows, params)
    }

    /// Tokens of a chat. Templates write the special tokens themselves, so that none go around it.
    fn chat_ids(&self, messages: &[Message]) -> Result<Vec<u32>, GenerateError> {
        let prompt = self.chat_template()?.prompt(messages)?;
        let mut encoded = self.decoder().encode(&prompt)?;
        Ok(encoded.ids.drain(encoded.text).collect())
    }
}
