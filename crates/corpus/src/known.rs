//! Known names of columns and fields, in ranks: of several ranks the first that occurs counts.

/// Names of one rank after another.
pub(crate) type Ranks = &'static [&'static [&'static str]];

/// Names of the column of a text.
pub const TEXT_FIELDS: Ranks = &[
    &["text"],
    &[
        "sentence",
        "content",
        "message",
        "review",
        "tweet",
        "utterance",
        "body",
        "comment",
        "post",
        "question",
        "query",
        "premise",
        "hypothesis",
        "passage",
        "document",
        "sentence1",
        "sentence2",
        "text1",
        "text2",
        "sentence_a",
        "sentence_b",
        "claim",
        "description",
        "abstract",
        "article",
        "phrase",
        "transcript",
        "comment_text",
        "review_text",
        "review_body",
        "tweet_text",
        "message_text",
        "sent_more",
        "sent_less",
    ],
    &["title", "subject", "headline", "summary"],
];

/// Names of the columns of two texts that belong together.
pub const PAIR_FIELDS: &[(&str, &str)] = &[
    ("sentence1", "sentence2"),
    ("text1", "text2"),
    ("sentence_a", "sentence_b"),
    ("text_a", "text_b"),
    ("sent1", "sent2"),
    ("question1", "question2"),
    ("first", "second"),
    ("premise", "hypothesis"),
    ("question", "sentence"),
    ("question", "answer"),
    ("question", "context"),
    ("question", "passage"),
    ("query", "passage"),
    ("query", "document"),
    ("query", "doc"),
    ("query", "answer"),
    ("query", "text"),
    ("claim", "evidence"),
    ("anchor", "positive"),
    ("#1 string", "#2 string"),
    ("string1", "string2"),
    ("sent_more", "sent_less"),
];

/// Further names of a first text beside a known second one.
pub(crate) const FIRST_FIELDS: &[&str] = &["text", "sentence"];

/// Names of the column of a label.
pub const LABEL_FIELDS: Ranks = &[
    &["label", "labels", "gold_label", "gold"],
    &[
        "class",
        "category",
        "intent",
        "target",
        "sentiment",
        "topic",
        "emotion",
        "polarity",
        "is_duplicate",
        "quality",
        "entailment_label",
    ],
    &["score", "rating", "stars", "bias_type", "class_index", "tag", "tags"],
];

/// Names of the column of a score of two texts.
pub const SCORE_FIELDS: Ranks = &[
    &["score", "similarity", "gold_score", "similarity_score", "relatedness_score"],
    &["gold"],
    &["label"],
];

/// Names of a score that is not required: a label is none.
pub(crate) const OPTIONAL_SCORE_FIELDS: Ranks = &[SCORE_FIELDS[0], SCORE_FIELDS[1]];

/// Name of the column of an id.
pub const ID_FIELD: &str = "id";
/// The second is that of BLiMP and MNLI.
pub(crate) const ID_FIELDS: Ranks = &[&[ID_FIELD], &["pair_id"]];

/// Names of the column of a query's id in judgements.
pub const QUERY_FIELDS: Ranks = &[&["query", "query_id", "qid"], &["topic", "topic_id"]];
/// Names of the column of a document's id in judgements.
pub const DOCUMENT_FIELDS: Ranks = &[
    &["document", "doc", "document_id", "doc_id", "docno", "corpus_id", "passage_id", "pid"],
    &[ID_FIELD],
];
/// Names of the column of a grade in judgements.
pub const GRADE_FIELDS: Ranks = &[&["grade", "relevance", "rel"], &["score", "label"]];
