//! One function per parser: whatever the bytes, it returns.
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use cloze_checkpoint::decoder::DecoderCheckpoint;
use cloze_checkpoint::{Checkpoint, ModelFolder, adapter::AdapterConfig, card::Card};
use cloze_core::{Matrix, Span};
use cloze_corpus::{
    CorpusError, Format, JudgementParams, LabelledParams, PairParams, Piece, ReadParams, Record,
    SenseFormat, SenseParams, TaggedParams,
};
use cloze_embed::correction::{FittedCorrection, Method};
use cloze_encoder::TokenCounter;
use cloze_generate::Defaults;
use cloze_graph::check::CheckParams;
use cloze_graph::construct::{DecoderBuildParams, Graph};
use cloze_heads::classify::{Classifier, ClassifyHead, FeatureParams};
use cloze_search::index::{Index, IndexParams, Writer, verify};
use cloze_search::{EngineKind, GraphDtype, HnswParams};
use cloze_store::npy::NpyHeader;
use cloze_store::{Existing, Location, MemoryFolder};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

mod personal;
mod rewriting;

pub use personal::{marked, patterns, recognizers};
use personal::{marks, pattern_files, personal_texts};
use rewriting::{key_files, mail_files, quoted_tables};
pub use rewriting::{keys, mails, quotes};

/// A parser, and inputs to begin with.
pub struct Target {
    /// Name, as in `fuzz_targets/`.
    pub name: &'static str,
    /// Parses the bytes.
    pub run: fn(&[u8]),
    /// Inputs that parse.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "records", run: records, seeds: || [tables(), packed()].concat() },
    Target { name: "tagged", run: tagged, seeds: conll },
    Target { name: "labelled", run: labelled, seeds: tables },
    Target { name: "pairs", run: pairs, seeds: tables },
    Target { name: "judgements", run: judgements, seeds: tables },
    Target { name: "senses", run: senses, seeds: annotated },
    Target { name: "marked", run: marked, seeds: marks },
    Target { name: "patterns", run: patterns, seeds: pattern_files },
    Target { name: "recognizers", run: recognizers, seeds: personal_texts },
    Target { name: "documents", run: documents, seeds: document_seeds },
    Target { name: "quotes", run: quotes, seeds: quoted_tables },
    Target { name: "mails", run: mails, seeds: mail_files },
    Target { name: "keys", run: keys, seeds: key_files },
    Target {
        name: "config",
        run: config,
        seeds: || {
            files(&[
                "checkpoints/bert-token/config.json",
                "models/tiny/config.json",
                "checkpoints/xlm-roberta-token/config.json",
            ])
        },
    },
    Target {
        name: "decoder",
        run: decoder,
        seeds: || {
            files(&[
                "decoders/llama/config.json",
                "decoders/qwen3/config.json",
                "decoders/mistral/config.json",
                "decoders/gpt2/config.json",
            ])
        },
    },
    Target {
        name: "generation",
        run: generation,
        seeds: || files(&["decoders/llama/generation_config.json"]),
    },
    Target {
        name: "weights",
        run: weights,
        seeds: || {
            files(&[
                "checkpoints/bert-token/model.safetensors",
                "checkpoints/minilm-f16/model.safetensors",
            ])
        },
    },
    Target {
        name: "adapter",
        run: adapter,
        seeds: || {
            files(&["adapters/biases/adapter_config.json", "adapters/patterns/adapter_config.json"])
        },
    },
    Target { name: "card", run: card, seeds: cards },
    Target {
        name: "graph",
        run: graph,
        seeds: || files(&["models/tiny/model.onnx", "models/graphs/external.onnx"]),
    },
    Target { name: "tokenizer", run: tokenizer, seeds: || files(&["models/tiny/tokenizer.json"]) },
    Target { name: "npy", run: npy, seeds: npy_headers },
    Target { name: "correction", run: correction, seeds: corrections },
    Target { name: "head", run: head, seeds: heads },
    Target { name: "index", run: index, seeds: || vec![Vec::new(), vec![7; 64]] },
    Target { name: "hnsw", run: hnsw, seeds: || vec![GRAPH.with(|graph| graph.bytes.clone())] },
];

const TEXT_LIMIT: usize = 1 << 20;

/// Folder of the tiny models of tests.
fn testkit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit")
}

fn files(names: &[&str]) -> Vec<Vec<u8>> {
    names
        .iter()
        .map(|name| fs_err::read(testkit().join(name)).expect("a file of the repository"))
        .collect()
}

fn tables() -> Vec<Vec<u8>> {
    [
        "text,label,id\n\"one, two\",a,1\nthree,b,2\n",
        "sentence1\tsentence2\tscore\na b\tc d\t4.5\n\"x\ty\"\tz\t0\n",
        "{\"text\":\"a\",\"label\":\"b\",\"id\":\"1\"}\n{\"text\":\"c\\u00e9\",\"labels\":[\"a\",\"b\"]}\n",
        "q1 0 d1 1\nq1 0 d2 0\nq2 0 d1 2\n",
        "Der Brief kam an.\r\n\r\nЗдравствуйте\n日本語\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

/// `text\nab\n` by gzip and by Zstandard, the latter as one raw block.
fn packed() -> Vec<Vec<u8>> {
    vec![
        b"\x1F\x8B\x08\0\0\0\0\0\0\x03+I\xAD(\xE1JL\xE2\x02\0\xAAK#\xEE\x08\0\0\0".to_vec(),
        b"\x28\xB5\x2F\xFD\x20\x08\x41\0\0text\nab\n".to_vec(),
    ]
}

/// Documents of other programs, and the parts of XML in them.
fn document_seeds() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/tests/fixtures/documents");
    let files = ["page.html", "mail.eml", "letter.pdf", "staff.docx", "staff.odt", "people.xlsx"]
        .map(|name| fs_err::read(folder.join(name)).expect("a file of the repository"));
    let parts = [
        "<w:document><w:body><w:p><w:r><w:t>Ada &amp; Roth</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:p/></w:tc>\
         </w:tr></w:tbl></w:body></w:document>",
        "<d><office:text><text:p>a<text:s text:c='2'/>b</text:p></office:text></d>",
        "<worksheet><sheetData><row r='1'><c r='A1' t='inlineStr'><is><t>a</t></is></c><c r='B1' s='1'>\
         <v>45000.5</v></c></row></sheetData></worksheet>",
    ];
    files.into_iter().chain(parts.map(|part| part.as_bytes().to_vec())).collect()
}

fn conll() -> Vec<Vec<u8>> {
    [
        "-DOCSTART- -X- O O\n\nEU NNP I-NP B-ORG\nrejects VBZ I-VP O\n\nPeter NNP B-PER\n",
        "# text = a\n1\tEU\t_\tPROPN\tB-ORG\n2-3\tdu\t_\t_\t_\n2\tde\t_\tADP\tO\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

fn annotated() -> Vec<Vec<u8>> {
    [
        "<?xml version=\"1.0\"?><corpus lang=\"en\"><text id=\"d0\"><sentence id=\"d0.s0\"><wf lemma=\"a\" pos=\"X\">a</wf>\
         <instance id=\"d0.s0.t0\" lemma=\"bank\" pos=\"NOUN\">banks</instance></sentence></text></corpus>",
        "{\"text\":\"the bank\",\"words\":[{\"start\":4,\"end\":8,\"lemma\":\"bank\",\"sense\":\"s1\"}]}\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

fn cards() -> Vec<Vec<u8>> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    ["ner-en", "minilm-l6-v2", "pii"]
        .iter()
        .filter_map(|name| fs_err::read(models.join(name).join("cloze.json")).ok())
        .chain([b"{}".to_vec()])
        .collect()
}

fn corrections() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../embed/tests/fixtures");
    ["zscore-v1.json", "whitening-v1.json", "all-but-the-top-v1.json"]
        .map(|name| fs_err::read(folder.join(name)).expect("a file of the repository"))
        .to_vec()
}

/// A tiny model folder in memory, with one of its files replaced.
fn model(folder: &str, file: &str, data: &[u8]) -> Location {
    let mut memory = MemoryFolder::new("fuzzed");
    for name in [
        "config.json",
        "tokenizer.json",
        "model.onnx",
        "model.safetensors",
        "adapter_config.json",
        "adapter_model.safetensors",
    ] {
        if let Ok(bytes) = fs_err::read(testkit().join(folder).join(name)) {
            memory = memory.file(name, bytes);
        }
    }
    memory.file(file, data.to_vec()).root()
}

/// Every record format.
pub fn records(data: &[u8]) {
    let params = ReadParams::default()
        .max_text_bytes(TEXT_LIMIT)
        .metadata(true)
        .check()
        .expect("good settings");
    for format in
        [Format::Text, Format::Lines, Format::Jsonl, Format::Csv, Format::Tsv, Format::Conll]
    {
        params.from_reader("fuzzed", format, Cursor::new(data.to_vec())).for_each(drop);
    }
}

/// A record, if it is one. A parser of documents that panicked gives an error, which is a finding here.
pub(crate) fn record_of(piece: Result<Piece, CorpusError>) -> Option<Record> {
    match piece {
        Ok(Piece::Record(record)) => Some(record),
        Ok(_) => None,
        Err(error) => {
            let error = error.to_string();
            assert!(!error.contains("its parser failed"), "{error}");
            None
        }
    }
}

/// Every kind of document: as a file, and as the part of one that is packed.
pub fn documents(data: &[u8]) {
    let params = ReadParams::default().max_text_bytes(TEXT_LIMIT).check().expect("good settings");
    let read = |format: Format, raw: Vec<u8>| {
        for piece in params.from_reader("fuzzed", format, Cursor::new(raw)) {
            let Some(record) = record_of(piece) else { continue };
            let Some(origin) = &record.origin else { continue };
            for (start, c) in record.text.char_indices().take(64) {
                let span = Span::new(start, start + c.len_utf8());
                std::hint::black_box(origin.part(start));
                if let (Some(span), Some(source)) = (origin.source_span(span), origin.source()) {
                    assert!(span.of(source).is_some(), "{c:?} at {start}");
                }
            }
            let end = record.text.chars().next().map_or(0, char::len_utf8);
            drop(record.replace(&[(Span::new(0, end), "[X]".to_owned())]));
        }
    };
    match data {
        [b'%', b'P', b'D', b'F', ..] => read(Format::Pdf, data.to_vec()),
        [b'P', b'K', ..] => {
            for format in [Format::Docx, Format::Odt, Format::Xlsx] {
                read(format, data.to_vec());
            }
        }
        _ => {
            read(Format::Html, data.to_vec());
            read(Format::Eml, data.to_vec());
            read(Format::Docx, packed_part("word/document.xml", data));
            read(Format::Odt, packed_part("content.xml", data));
            read(Format::Xlsx, packed_part("xl/worksheets/sheet1.xml", data));
        }
    }
}

/// A workbook with one part replaced, or any other document that has this part.
fn packed_part(name: &str, data: &[u8]) -> Vec<u8> {
    const TYPE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let mut zip = ZipWriter::new(Cursor::new(vec![]));
    let mut add = |name: &str, data: &[u8]| {
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        zip.start_file(name, stored).expect("a name");
        zip.write_all(data).expect("memory");
    };
    if name.starts_with("xl/") {
        let relation = |kind: &str, target: &str| {
            format!(
                "<Relationships><Relationship Id='r1' Type='{TYPE}/{kind}' Target='{target}'/></Relationships>"
            )
        };
        add("_rels/.rels", relation("officeDocument", "xl/workbook.xml").as_bytes());
        let relations = relation("worksheet", "worksheets/sheet1.xml");
        add("xl/_rels/workbook.xml.rels", relations.as_bytes());
        let workbook = format!(
            "<workbook xmlns:r='{TYPE}'><sheets><sheet name='S' sheetId='1' r:id='r1'/></sheets></workbook>"
        );
        add("xl/workbook.xml", workbook.as_bytes());
    }
    add(name, data);
    zip.finish().expect("memory").into_inner()
}

/// Sentences with a tag per word.
pub fn tagged(data: &[u8]) {
    let params = TaggedParams::default().max_text_bytes(TEXT_LIMIT).check().expect("good settings");
    params.from_reader("fuzzed", Cursor::new(data.to_vec())).for_each(drop);
}

/// Labelled texts.
pub fn labelled(data: &[u8]) {
    let params = LabelledParams::default().check().expect("good settings");
    for format in [Format::Jsonl, Format::Csv, Format::Tsv, Format::Lines] {
        if let Ok(reader) = params.from_reader("fuzzed", format, Cursor::new(data.to_vec())) {
            reader.for_each(drop);
        }
    }
}

/// Scored pairs.
pub fn pairs(data: &[u8]) {
    let params = PairParams::default().check().expect("good settings");
    for format in [Format::Jsonl, Format::Csv, Format::Tsv] {
        if let Ok(reader) = params.from_reader("fuzzed", format, Cursor::new(data.to_vec())) {
            reader.for_each(drop);
        }
    }
}

/// Relevance judgements.
pub fn judgements(data: &[u8]) {
    let params = JudgementParams::default().check().expect("good settings");
    for format in [Format::Jsonl, Format::Csv, Format::Tsv, Format::Lines, Format::Text] {
        if let Ok(reader) = params.from_reader("fuzzed", format, Cursor::new(data.to_vec())) {
            reader.for_each(drop);
        }
    }
}

/// Texts with annotated senses.
pub fn senses(data: &[u8]) {
    let params = SenseParams::default().max_text_bytes(TEXT_LIMIT).check().expect("good settings");
    for format in [SenseFormat::Xml, SenseFormat::Jsonl] {
        params.from_reader("fuzzed", format, Cursor::new(data.to_vec())).for_each(drop);
    }
}

/// `config.json` of a checkpoint.
pub fn config(data: &[u8]) {
    drop(ModelFolder::open(model("checkpoints/bert-token", "config.json", data)));
    drop(Checkpoint::open(model("checkpoints/bert-token", "config.json", data)));
}

/// `config.json` of a decoder, and the graph of weights that it fits.
pub fn decoder(data: &[u8]) {
    for folder in ["decoders/llama", "decoders/qwen3", "decoders/mistral", "decoders/gpt2"] {
        let Ok(model) = ModelFolder::open(model(folder, "config.json", data)) else { continue };
        let Ok(checkpoint) = DecoderCheckpoint::of(model.sources()) else { continue };
        drop(Graph::build_decoder(&checkpoint, &DecoderBuildParams::new().positions(Some(4096))));
    }
}

/// `generation_config.json` of a decoder.
pub fn generation(data: &[u8]) {
    let root = model("decoders/llama", "generation_config.json", data);
    let Ok(model) = ModelFolder::open(root) else { return };
    if let Ok(defaults) = Defaults::read(&model) {
        drop(defaults.sample().check());
    }
}

/// `model.safetensors` of a checkpoint: header, shapes and every tensor.
pub fn weights(data: &[u8]) {
    let root = model("checkpoints/bert-token", "model.safetensors", data);
    let Ok(checkpoint) = Checkpoint::open(root) else { return };
    let weights = checkpoint.weights();
    let mut reader = weights.reader();
    for name in weights.names() {
        drop(reader.read(name));
    }
}

/// `adapter_config.json`.
pub fn adapter(data: &[u8]) {
    drop(AdapterConfig::read(model("adapters/biases", "adapter_config.json", data)));
}

/// `cloze.json`.
pub fn card(data: &[u8]) {
    drop(Card::open(model("models/tiny", "cloze.json", data)));
    drop(ModelFolder::open(model("models/tiny", "cloze.json", data)));
}

/// Graphs, before a session sees them.
pub fn graph(data: &[u8]) {
    let params = CheckParams::new().check().expect("good settings");
    drop(params.check_bytes(data.to_vec().into(), Path::new("fuzzed")));
}

/// `tokenizer.json`, and texts of several kinds.
pub fn tokenizer(data: &[u8]) {
    let Ok(folder) = ModelFolder::open(model("models/tiny", "tokenizer.json", data)) else {
        return;
    };
    let Ok(counter) = TokenCounter::open(&folder) else { return };
    for text in [
        "",
        "the cat sat",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "Ünïcode — 日本 \u{200d}\u{0}\n",
    ] {
        drop(counter.pieces(text, 0));
    }
}

fn npy_headers() -> Vec<Vec<u8>> {
    let mut headers = [("<f4", &[3, 4][..]), ("|b1", &[7]), ("<i8", &[])]
        .map(|(dtype, shape)| NpyHeader::new(dtype, shape).bytes())
        .to_vec();
    let text = b"{'descr': '<f2', 'fortran_order': True, 'shape': (2L, 3L), }\n";
    headers.push([b"\x93NUMPY\x02\0", &[text.len() as u8, 0, 0, 0][..], text].concat());
    headers
}

/// The header of a NumPy file.
pub fn npy(data: &[u8]) {
    drop(NpyHeader::read(&mut Cursor::new(data)));
}

/// A saved correction.
pub fn correction(data: &[u8]) {
    let file = MemoryFolder::new("fuzzed")
        .file("correction.json", data.to_vec())
        .root()
        .join("correction.json");
    drop(FittedCorrection::open(file));
}

/// A file of a saved index: which one, the first byte says; the rest replaces its content.
pub fn index(data: &[u8]) {
    let Some((which, content)) = data.split_first() else { return };
    let saved = Path::new(env!("CARGO_MANIFEST_DIR")).join("../search/tests/data/index-v1");
    let folder = in_memory();
    let mut names = vec!["index.json".to_owned(), "correction-000001.json".to_owned()];
    for segment in ["segment-000000", "segment-000001"] {
        fs_err::create_dir(folder.path().join(segment)).expect("a folder");
        for name in ["deleted-000003.bits", "records.jsonl", "records.offsets", "vectors.npy"] {
            names.push(format!("{segment}/{name}"));
        }
    }
    let replaced = usize::from(*which) % names.len();
    for (i, name) in names.iter().enumerate() {
        let mut bytes = fs_err::read(saved.join(name)).expect("a file of the repository");
        if i == replaced {
            // Damage in place where the content is short, so that lengths stay right.
            let keep = content.len().min(bytes.len());
            if content.len() < bytes.len() {
                bytes[..keep].copy_from_slice(&content[..keep]);
            } else {
                bytes = content.to_vec();
            }
        }
        fs_err::write(folder.path().join(name), bytes).expect("a file");
    }
    if let Ok(index) = Index::open(folder.path()) {
        for row in 0..12 {
            drop(index.record(row));
        }
    }
    drop(verify(folder.path()));
}

/// A saved index with a graph, in memory where there is such a folder.
struct SavedGraph {
    folder: tempfile::TempDir,
    path: PathBuf,
    /// Content of the file of the graph.
    bytes: Vec<u8>,
}

thread_local! {
    // Of the thread, so that the folder is removed at its end.
    static GRAPH: SavedGraph = SavedGraph::new();
}

impl SavedGraph {
    fn new() -> Self {
        let folder = in_memory();
        let params = IndexParams::new()
            .engine(EngineKind::Hnsw)
            .hnsw(HnswParams::new().connectivity(2).dtype(GraphDtype::F32))
            .check()
            .expect("good settings");
        let mut writer = Writer::create(folder.path(), &params, false).expect("a writer");
        for i in 0..40_u8 {
            let angle = f32::from(i);
            writer.push_numbered(&[angle.cos(), angle.sin(), 0.5]).expect("a row");
        }
        writer.commit().expect("an index");
        let path = folder.path().join("segment-000000/graph.usearch");
        let bytes = fs_err::read(&path).expect("the graph of the index");
        Self { folder, path, bytes }
    }
}

/// A graph of the length that its index says, opened with it and searched.
pub fn hnsw(data: &[u8]) {
    GRAPH.with(|graph| {
        let mut bytes = data.to_vec();
        bytes.resize(graph.bytes.len(), 0);
        fs_err::write(&graph.path, bytes).expect("a file");
        if let Ok(index) = Index::open(graph.folder.path()) {
            let query = Matrix::from_vec(3, vec![0.6, 0.8, 0.1]).expect("a row of three");
            drop(index.search(&query, 5, None));
        }
    });
}

/// A temporary folder, in memory where the system has one.
fn in_memory() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.expect("a temporary folder")
}

/// A classifier of two labels on rows of three numbers.
fn classifier() -> Classifier {
    let numbers = vec![0.1, 4.0, 2.0, 0.3, 2.0, 8.0, 0.7, 4.0, -1.0, 1.0, 0.5, 3.0];
    let rows = Matrix::from_vec(3, numbers).expect("rows of three");
    let params =
        FeatureParams::new().correction(Some(Method::ZScore)).check().expect("good settings");
    let features = params.fit(&rows).expect("enough rows");
    let labels = ["no", "yes"].map(String::from).to_vec();
    let head =
        ClassifyHead::new("fuzzed", labels, vec![0.5; 2 * features.width_out()], vec![0.1, 0.2]);
    Classifier::new(features, head.expect("as many weights")).expect("as wide")
}

fn heads() -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("head.safetensors");
    classifier().save(&path, Existing::Refuse).expect("a file");
    vec![fs_err::read(path).expect("a file")]
}

/// A fitted head's numbers.
pub fn head(data: &[u8]) {
    let spec = classifier().spec(Some(Method::ZScore), serde_json::Map::new(), 0);
    let file = MemoryFolder::new("fuzzed")
        .file("head.safetensors", data.to_vec())
        .root()
        .join("head.safetensors");
    drop(Classifier::open(file, &spec));
}
