//! Headers, delimiters and columns of tables as people have them, for every command that reads them.
use crate::run::Home;
use crate::support::checkpoint;

/// Command, file, its contents, and a part of what stderr says; an error has a hint.
const HEADERS: &[(&str, &str, &str, &str)] = &[
    (
        "data check",
        "tickets.csv",
        "Ticket,Message,Category\nT-1,a,x\n",
        "columns: text Message, label Category\n",
    ),
    ("data check", "hdr.csv", "Text,Label\na,x\n", "columns: text Text, label Label\n"),
    (
        "data check",
        "imdb.csv",
        "review,sentiment\na,pos\n",
        "columns: text review, label sentiment\n",
    ),
    (
        "data check",
        "ids.csv",
        "id,text,sentiment\n0,a,x\n",
        "columns: text text, label sentiment\n",
    ),
    ("data check", "banking77.csv", "text,category\na,x\n", "columns: text text, label category\n"),
    (
        "data check",
        "clinc.csv",
        "Utterance;Intent\na, b;x\n",
        "columns: text Utterance, label Intent (delimiter ;)\n",
    ),
    (
        "data check",
        "agnews.csv",
        "Class Index,Title,Description\n3,a,b\n",
        "columns: text Description, label Class Index\n",
    ),
    (
        "data check",
        "amazon.csv",
        "Id,ProductId,Score,Summary,Text\n1,B,5,a,b\n",
        "columns: text Text, label Score\n",
    ),
    ("data check", "sst2.tsv", "sentence\tlabel\na\t1\n", "columns: text sentence, label label\n"),
    (
        "data check",
        "airline.csv",
        "tweet_id,airline_sentiment,text\n1,neg,a\n",
        "no column known for the label; found \"tweet_id\", \"airline_sentiment\", \"text\"\nhint: --label-field NAME names it",
    ),
    (
        "data check",
        "sms.csv",
        "v1,v2\nham,a\n",
        "no column known for the label; found \"v1\", \"v2\"\nhint: --label-field NAME",
    ),
    (
        "data check",
        "bare.csv",
        "The van is late,bill\nWhere is it,ship\n",
        "found \"The van is late\", \"bill\"\nhint: --label-field NAME names it; --no-header",
    ),
    (
        "data check",
        "two.csv",
        "message,comment,category,intent\na,b,x,y\n",
        "expected one column for the label, found \"category\", \"intent\"\nhint: --label-field NAME chooses one\n",
    ),
    (
        "data check",
        "pairs.tsv",
        "sentence1\tsentence2\tlabel\na\tb\tx\n",
        "expected one column for the text, found \"sentence1\", \"sentence2\"\nhint: --text-field NAME chooses one",
    ),
    (
        "data check --pairs",
        "mnli.tsv",
        "index\tpromptID\tpairID\tgenre\tsentence1\tsentence2\tgold_label\n0\t1\t1e\tf\ta\tb\tneutral\n",
        "columns: text sentence1, second text sentence2, label gold_label\n",
    ),
    (
        "data check --pairs",
        "qnli.tsv",
        "index\tquestion\tsentence\tlabel\n0\ta\tb\tx\n",
        "columns: text question, second text sentence, label label\n",
    ),
    (
        "data check --pairs",
        "qqp.tsv",
        "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n0\t1\t2\ta\tb\t1\n",
        "columns: text question1, second text question2, label is_duplicate\n",
    ),
    (
        "data check --pairs",
        "mrpc.tsv",
        "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t7\t8\ta\tb\n",
        "columns: text #1 String, second text #2 String, label Quality\n",
    ),
    (
        "similarity --pairs",
        "stsb.tsv",
        "index\tgenre\tsentence1\tsentence2\tscore\n0\tm\ta\tb\t5.0\n",
        "columns: first text sentence1, second text sentence2, score score\n",
    ),
    (
        "similarity --pairs",
        "qa.csv",
        "id,question,answer\n1,a,b\n",
        "columns: first text question, second text answer\n",
    ),
    ("embed", "export.csv", "Ticket|Subject|Body\n1|a|b\n", "columns: text Body (delimiter |)\n"),
    (
        "embed",
        "log.csv",
        "when,who\n1,a\n",
        "no column known for the text; found \"when\", \"who\"\nhint: --text-field NAME names it",
    ),
    ("embed", "chat.jsonl", "{\"Message\":\"a\"}\n", "fields: text Message\n"),
];

/// Twenty headers and files with their first row, and what the commands make of each: the line that says
/// which columns are used, or the error.
#[test]
fn twenty_headers_and_what_each_command_does_with_them() {
    for &(command, file, content, expected) in HEADERS {
        let home = Home::with([(file, content)]);
        let args: Vec<&str> = command.split(' ').chain([file]).collect();
        let ran = home.run(&args);
        assert!(ran.stderr.contains(expected), "{command} {file}: {}", ran.stderr);
        let refused = expected.contains("hint: ");
        assert_eq!(ran.status == Some(0), !refused, "{command} {file}: {}", ran.stderr);
        if !refused {
            let quiet = home.run(&[&args[..], &["--quiet"]].concat());
            assert!(!quiet.stderr.contains("columns:"), "{}", quiet.stderr);
        }
    }
}

/// Training and evaluation use the columns that `data check` has named.
#[test]
fn training_and_evaluation_agree_with_the_check() {
    let row = |i: usize| format!("T{i};text {i}, with a comma;{}\n", ["x", "y"][i % 2]);
    let rows = (0..12).map(row).collect::<Vec<_>>().concat();
    let home = Home::with([("t.csv", &format!("Ticket;Message;Category\n{rows}"))]);
    let line = "columns: text Message, label Category (delimiter ;)\n";
    let ran = home.run(&["train", "classify", "t.csv", "-o", "m", "--no-cache"]);
    assert!(ran.stderr.contains(line), "{}", ran.stderr);
    assert!(ran.good().contains("12 examples, labels x 6, y 6"), "{}", ran.stdout());
    let ran = home.run(&["eval", "classify", "t.csv", "--model", "./m", "--json"]);
    assert!(ran.stderr.contains(line), "{}", ran.stderr);
    assert_eq!(ran.records()[0]["examples"], 12);
    let ran = home.run(&["data", "check", "t.csv"]);
    assert!(ran.stderr.contains(line) && ran.good().starts_with("t.csv: 12 examples, 2 labels\n"));
    // By place, where the file has no header; and what is not a column is named.
    home.write("bare.csv", rows);
    let ran = home.run(&["data", "check", "bare.csv", "--no-header", "--text-field", "2"]);
    assert!(
        ran.stderr.contains("columns: text 2, label 3 (no header, delimiter ;)\n"),
        "{}",
        ran.stderr
    );
    let ran = home.run(&["data", "check", "bare.csv", "--no-header", "--text-field", "Message"]);
    assert_eq!(
        ran.errors(),
        ["--text-field: expected a number of a column without a header, found Message"]
    );
}

#[test]
fn tables_of_labels_keep_every_column() {
    let model = checkpoint("bert-sequence");
    let home = Home::with([
        ("t.csv", "id;Message;label\n7;\"Ann; met\";=1+1\n8;the son;b\n"),
        ("o.csv", "Message,other\nAnn,1\n"),
        ("t.jsonl", "{\"text\":\"Ann\",\"n\":1.50}\n{\"text\":\"son\",\"m\":2}\n"),
        ("p.tsv", "premise\thypothesis\tscore\nAnn\tson\thigh\n"),
    ]);
    let header = "id,Message,label,predicted_label,probability,no,maybe,yes";
    let ran = home.run(&["classify", "t.csv", "--model", &model, "-o", "p.csv"]);
    ran.good();
    let written = home.read("p.csv");
    let lines: Vec<&str> = written.lines().collect();
    assert_eq!((lines.len(), lines[0]), (3, header));
    assert!(lines[1].starts_with("7,Ann; met,'=1+1,") && lines[2].starts_with("8,the son,b,"));
    let cells: Vec<&str> = lines[2].split(',').collect();
    let of_label = ["no", "maybe", "yes"].iter().position(|label| *label == cells[3]).unwrap();
    assert_eq!(cells[4], cells[5 + of_label]);
    // A file with another column costs its rows, and is named.
    let ran = home.run(&["classify", "t.csv", "o.csv", "--model", &model, "-f", "tsv"]);
    assert_eq!((ran.status, ran.stdout().lines().count()), (Some(1), 3));
    assert_eq!(
        ran.errors(),
        [
            "o.csv:2: not written: the columns are those of the first record, id, Message, label; found \"other\""
        ]
    );
    let ran = home.run(&["classify", "t.jsonl", "--model", &model, "-f", "csv", "-k", "1"]);
    assert_eq!(ran.errors().len(), 1);
    assert!(ran.stdout().starts_with("text,n,label,probability,label_1,probability_1\nAnn,1.50,"));
    // Texts of no table have their place.
    let ran = home.run(&["classify", "--text", "Ann", "--model", &model, "-f", "csv"]);
    assert!(
        ran.good().starts_with("path,line,text,label,probability,no,maybe,yes\nargument,1,Ann,")
    );
    let ran = home.run(&["pair", "p.tsv", "--model", &model, "-f", "tsv"]);
    assert!(
        ran.good().starts_with(
            "premise\thypothesis\tscore\tlabel\tprobability\tno\tmaybe\tyes\nAnn\tson\thigh\t"
        ),
        "{}",
        ran.stdout()
    );
    let ran = home.run(&[
        "similarity",
        "--pairs",
        "p.tsv",
        "-o",
        "s.csv",
        "--model",
        &checkpoint("bert"),
    ]);
    assert!(ran.stderr.contains("expected a number, found \"high\""), "{}", ran.stderr);
}

/// One rule for texts with and without labels, and for what is written back.
#[test]
fn quotes_of_tsv_mean_the_same_for_every_command() {
    let home = Home::with([
        ("t.tsv", "text\tlabel\n\"Spam King\" is fined\tno\n\"all \"\"of\"\" it\"\tyes\n"),
        ("lines.tsv", "id\ttext\n1\t\"Ann\nmet\"\n2\tson\n"),
        ("open.tsv", "id\ttext\n1\t\"Ann\n2\tmet\"\n"),
    ]);
    let model = checkpoint("bert-sequence");
    let texts = |file: &str, more: &[&str]| -> Vec<String> {
        let ran = home.run(&[&["classify", file, "-m", &model, "-f", "csv"], more].concat());
        let mut reader = csv::Reader::from_reader(ran.good().as_bytes());
        let text = reader.headers().unwrap().iter().position(|name| name == "text").unwrap();
        reader.records().map(|row| row.unwrap()[text].to_owned()).collect()
    };
    assert_eq!(texts("t.tsv", &[]), ["\"Spam King\" is fined", "all \"of\" it"]);
    assert_eq!(texts("t.tsv", &["--quotes", "csv"]), ["Spam King is fined", "all \"of\" it"]);
    assert_eq!(texts("lines.tsv", &[]), ["Ann\nmet", "son"]);
    assert_eq!(texts("open.tsv", &[]), ["\"Ann", "met\""]);
    assert_eq!(texts("open.tsv", &["--quotes", "none"]), ["\"Ann", "met\""]);
    let ran = home.run(&["data", "check", "t.tsv", "--quotes", "none", "--json"]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    for file in ["t.tsv", "lines.tsv", "open.tsv"] {
        let ran = home.run(&["tag", file, "-m", "ner-en", "--labels", "LOC", "-f", "redact", "-q"]);
        assert_eq!(ran.good(), home.read(file), "{file}");
    }
}

#[test]
fn an_ending_of_no_format_is_refused() {
    let home = Home::with([("t.csv", "text\nAnn\n")]);
    for (args, known) in [
        (&["classify", "t.csv", "-o", "p.xlsx"][..], ".jsonl, .csv, .tsv"),
        (&["embed", "t.csv", "-o", "p.csv"], ".jsonl, .npy, .safetensors, .npz"),
        (&["score", "t.csv", "-o", "p.parquet"], ".txt, .jsonl, .csv, .tsv"),
        (&["data", "check", "t.csv", "-o", "p.docx"], ".txt, .json"),
    ] {
        let ran = home.run(args);
        assert_eq!(ran.status, Some(2), "{args:?}");
        assert!(
            ran.errors()[0].contains(&format!("expected an ending of a format, {known}, found ")),
            "{}",
            ran.stderr
        );
        assert!(!home.path(args[args.len() - 1]).exists());
    }
}

/// Every cell of a table is redacted, and all else stays byte for byte.
#[test]
fn all_columns_are_redacted() {
    let home = Home::with([
        ("t.csv", "id;who;note\n1;John Smith;\"He met; Mary Jones\"\n2;;none\n"),
        ("t.jsonl", "{\"a\":{\"name\":\"John Smith\"},\"n\":1.50,\"b\":[\"He met Mary Jones\"]}\n"),
    ]);
    let ran = home.run(&[
        "tag",
        "t.csv",
        "-f",
        "redact",
        "--model",
        "ner-en",
        "--labels",
        "PER",
        "--text-field",
        "*",
    ]);
    assert_eq!(ran.good(), "id;who;note\n1;[PER];\"He met; [PER]\"\n2;;none\n");
    let ran = home.run(&[
        "tag",
        "t.csv",
        "-f",
        "redact",
        "--model",
        "ner-en",
        "--labels",
        "PER",
        "--text-field",
        "note",
    ]);
    assert_eq!(ran.good(), "id;who;note\n1;John Smith;\"He met; [PER]\"\n2;;none\n");
    let ran = home.run(&[
        "tag",
        "t.jsonl",
        "-f",
        "redact",
        "--model",
        "ner-en",
        "--labels",
        "PER",
        "--text-field",
        "*",
    ]);
    assert_eq!(ran.good(), "{\"a\":{\"name\":\"[PER]\"},\"n\":1.50,\"b\":[\"He met [PER]\"]}\n");
    let ran =
        home.run(&["tag", "t.csv", "-f", "tsv", "--model", "ner-en", "--text-field", "who,note"]);
    let lines: Vec<&str> = ran.good().lines().collect();
    assert!(lines[0].starts_with("path\tline\tid\tfield\tlabel\t"));
    // The span is of its own cell.
    assert!(lines[2].starts_with("t.csv\t2\t1\tnote\tPER\t8\t18\tMary Jones\t"), "{lines:?}");
    let refused = home.run(&["embed", "t.csv", "--level", "word", "--text-field", "who,note"]);
    assert!(refused.stderr.contains("joins several fields, in which offsets would have no place"));
}

/// One row per entity behind the columns of its record; the ending of the output says that it is CSV. A file
/// with other columns is named, and its entities left out.
#[test]
fn entities_as_csv_have_the_columns_of_the_input() {
    let home = Home::with([
        ("a.csv", "id,note,text\n7,=x,My name is John Smith.\n8,,No one.\n"),
        ("b.jsonl", "{\"other\": 1, \"text\": \"My name is John Smith.\"}\n"),
        ("c.txt", "My name is John Smith."),
    ]);
    let rows = |name: &str| -> Vec<String> {
        let rows = home.read(name);
        // Without the score, which is the last.
        rows.lines().map(|row| row.rsplit_once(',').unwrap().0.to_owned()).collect()
    };
    home.run(&["tag", "a.csv", "-o", "a.out.csv"]).good();
    assert_eq!(
        rows("a.out.csv"),
        [
            "id,note,text,path,line,label,start_char,end_char,predicted_text",
            "7,'=x,My name is John Smith.,a.csv,2,GIVEN_NAME,11,15,John",
            "7,'=x,My name is John Smith.,a.csv,2,SURNAME,16,21,Smith",
        ]
    );
    home.run(&["tag", "c.txt", "-f", "csv", "-o", "c.out.csv"]).good();
    assert_eq!(
        rows("c.out.csv"),
        [
            "path,line,id,label,start_char,end_char,text",
            "c.txt,,,GIVEN_NAME,11,15,John",
            "c.txt,,,SURNAME,16,21,Smith",
        ]
    );
    let ran = home.run(&["tag", "a.csv", "b.jsonl", "-f", "csv"]);
    assert_eq!(ran.status, Some(1));
    let named = "b.jsonl:1: not written: the columns are those of the first record, id, note, text; \
                 found \"other\"";
    assert!(ran.stderr.contains(named), "{}", ran.stderr);
    assert_eq!(ran.stdout().lines().count(), 3);
}

/// The probability stands behind the columns of the pairs, or behind the texts.
#[test]
fn next_sentences_as_tables_have_the_columns_of_the_input() {
    let home = Home::with([("p.csv", "id,text1,text2\n7,Ann met Ann .,Ann lives .\n")]);
    let model = crate::support::checkpoint("bert-nsp");
    let run = |args: &[&str]| home.run(&[&["next-sentence", "-m", &model], args].concat());
    run(&["--pairs", "p.csv", "-o", "out.tsv"]).good();
    let rows = home.read("out.tsv");
    let rows: Vec<Vec<&str>> = rows.lines().map(|row| row.split('\t').collect()).collect();
    assert_eq!(rows[0], ["id", "text1", "text2", "is_next"]);
    assert_eq!(rows[1][..3], ["7", "Ann met Ann .", "Ann lives ."]);
    assert!(rows[1][3].parse::<f64>().is_ok_and(|p| (0.0..=1.0).contains(&p)), "{rows:?}");
    let ran = run(&["Ann met Ann .", "=1", "--format", "csv"]);
    let probability = ran.good().lines().last().unwrap().rsplit_once(',').unwrap();
    assert_eq!(probability.0, "argument,1,Ann met Ann .,'=1");
    assert_eq!(ran.stdout().lines().next(), Some("path,line,first,second,is_next"));
}
