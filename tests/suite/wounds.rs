//! The wounds of other loaders: what made them send twice, forget rows, or say what is not so.
