//! Tables in every output format: data in, bytes out. Knows no connection.
