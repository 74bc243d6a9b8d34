//! Files: capped reading, atomic writing, checksums, versioned JSON
