//! Joining: which rows make a document, which columns are summed, and that nothing is lost or counted twice.
