//! Chat templates against transformers (`chat/make.py`).
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
use std::path::Path;

use cloze_checkpoint::ModelFolder;
use cloze_encoder::decoder::DecoderParams;
use cloze_encoder::{Runtime, RuntimeParams};
use cloze_generate::{
    ChatTemplate, GenerateError, GenerateParams, Generator, Message, PromptCache,
};
use serde_json::{Value, json};

/// A decoder of the testkit with these files beside its own.
fn folder(files: &[(&str, String)]) -> tempfile::TempDir {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/decoders/gpt2");
    let to = tempfile::tempdir().unwrap();
    for file in fs_err::read_dir(from).unwrap() {
        let file = file.unwrap();
        fs_err::copy(file.path(), to.path().join(file.file_name())).unwrap();
    }
    for (name, text) in files {
        fs_err::write(to.path().join(name), text).unwrap();
    }
    to
}

fn template(source: &str) -> ChatTemplate {
    let settings = json!({
        "chat_template": source,
        "bos_token": {"content": "<s>", "special": true},
        "eos_token": "</s>",
        "pad_token": null,
    });
    let folder = folder(&[("tokenizer_config.json", settings.to_string())]);
    ChatTemplate::read(&ModelFolder::open(folder.path()).unwrap()).unwrap().unwrap()
}

#[test]
fn prompts_are_those_of_transformers() {
    let expected: Value = serde_json::from_str(include_str!("chat/expected.json")).unwrap();
    let chats: Vec<Vec<Message>> = serde_json::from_value(expected["chats"].clone()).unwrap();
    for (name, made) in expected["templates"].as_object().unwrap() {
        let template = template(made["template"].as_str().unwrap());
        for (chat, made) in chats.iter().zip(made["made"].as_array().unwrap()) {
            if made.is_null() {
                continue;
            }
            let found = template.prompt(chat);
            if let Some(prompt) = made["prompt"].as_str() {
                assert_eq!(found.unwrap(), prompt, "{name}, {chat:?}");
            } else {
                let error = found.unwrap_err();
                assert!(matches!(error, GenerateError::Template { .. }), "{name}: {error}");
            }
        }
    }
}

/// An error of the template itself, and bounds of foreign code.
#[test]
fn what_a_template_cannot_do_is_an_error_with_its_line() {
    let user = [Message::user("a")];
    for (source, line, what) in [
        ("\n{{ raise_exception('no ' + messages[0].role) }}", 2, "no user"),
        ("a\nb\n{% if %}", 3, ""),
        ("\n\n{{ messages | nothing }}", 3, "nothing"),
        ("{{ strftime_now('%Q') }}", 1, "%Q"),
        ("{% for i in range(10000) %}{% for j in range(10000) %}x{% endfor %}{% endfor %}", 1, ""),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", 1, ""),
        ("{% set x = messages[0].content * 1000000000 %}{{ x }}", 1, ""),
        ("{{ messages[7].content.more }}", 1, ""),
        ("{% include 'other' %}", 1, ""),
    ] {
        let error = template(source).prompt(&user).unwrap_err();
        let GenerateError::Template { line: found, .. } = &error else { panic!("{error}") };
        assert_eq!(*found, Some(line), "{source}: {error}");
        let text = error.to_string();
        assert!(text.contains("tokenizer_config.json: chat template, line"), "{text}");
        assert!(text.contains(what), "{source}: {text}");
    }
    let much = "{% for i in range(200) %}{{ messages[0].content }}{% endfor %}";
    let long = [Message::user("x".repeat(1 << 17))];
    let error = template(much).prompt(&long).unwrap_err().to_string();
    assert!(error.contains("16 MiB") || error.contains("fuel"), "{error}");
}

#[test]
fn files_of_templates_come_in_transformers_order() {
    let settings = json!({"chat_template": [
        {"name": "tool_use", "template": "tools"},
        {"name": "default", "template": "named"},
    ]});
    let files = [("tokenizer_config.json", settings.to_string())];
    let read = |folder: &tempfile::TempDir| {
        ChatTemplate::read(&ModelFolder::open(folder.path()).unwrap()).unwrap()
    };
    assert_eq!(read(&folder(&files)).unwrap().prompt(&[]).unwrap(), "named");
    let both = [files[0].clone(), ("chat_template.jinja", "{{ 'file' }}\n".to_owned())];
    assert_eq!(read(&folder(&both)).unwrap().prompt(&[]).unwrap(), "file");
    assert!(read(&folder(&[])).is_none());
}

/// A chat is its prompt without other special tokens.
#[test]
fn an_answer_is_what_the_prompt_generates() {
    let source = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}she:";
    let files = [("chat_template.jinja", source.to_owned())];
    let with = folder(&files);
    let runtime = Runtime::load(&RuntimeParams::default().fetch(true), &mut |_| {}).unwrap();
    let open = |folder: &tempfile::TempDir| {
        let model = ModelFolder::open(folder.path()).unwrap();
        Generator::open(&runtime, &model, DecoderParams::new().threads(Some(1))).unwrap()
    };
    let generator = open(&with);
    let params = GenerateParams::new().max_new_tokens(6).check().unwrap();
    let chat = vec![Message::system("Be brief"), Message::user("The lamp")];
    let found = generator.chat(&chat, &params).unwrap();
    let prompt = "system: Be brief\nuser: The lamp\nshe:";
    assert_eq!(generator.chat_template().unwrap().prompt(&chat).unwrap(), prompt);
    assert_eq!(found, generator.generate(prompt, &params).unwrap());
    let mut cache = PromptCache::new(&generator);
    let batch = generator.chat_batch(&mut cache, &[chat.clone(), vec![]], &params).unwrap();
    assert_eq!(batch[0].as_ref().unwrap(), &found);
    let error = open(&folder(&[])).chat(&chat, &params).unwrap_err();
    assert!(matches!(error, GenerateError::NoChatTemplate { .. }), "{error}");
}
