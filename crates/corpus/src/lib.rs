//! Text files of many formats, read as a stream of records
