//! Listings of `MLSD` as pairs of a name and a dictionary of facts.

use pyo3::{
    prelude::*,
    types::{PyDict, PyList, PyString},
};

/// Parses complete lines of `MLSD`; the rules are those of `BaseClient.parse_mlsx_line`. Returns the names and the
/// facts of all lines, in UTF-8; bytes that are not UTF-8 become surrogates, as with the error handler
/// `surrogateescape`.
#[pyfunction]
pub(crate) fn parse_mlsx_lines<'py>(py: Python<'py>, lines: &[u8]) -> PyResult<Bound<'py, PyList>> {
    let found = PyList::empty(py);
    for line in lines.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii_end();
        if line.is_empty() {
            continue;
        }
        let space = line.iter().position(|byte| *byte == b' ');
        let (facts, name) = match space {
            Some(at) => (&line[..at], &line[at + 1..]),
            None => (line, &b""[..]),
        };
        let entry = PyDict::new(py);
        // The last fact ends with a semicolon, too.
        let facts = &facts[..facts.len().saturating_sub(1)];
        for fact in facts.split(|byte| *byte == b';') {
            let equals = fact.iter().position(|byte| *byte == b'=');
            let (key, value) = match equals {
                Some(at) => (&fact[..at], &fact[at + 1..]),
                None => (fact, &b""[..]),
            };
            entry.set_item(key_text(py, key)?, text(py, value)?)?;
        }
        found.append((text(py, name)?, entry))?;
    }
    Ok(found)
}

fn text<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyString>> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(PyString::new(py, text)),
        Err(_) => {
            let decoded =
                pyo3::types::PyBytes::new(py, bytes).call_method1("decode", ("utf-8", "surrogateescape"))?;
            Ok(decoded.cast_into()?)
        }
    }
}

fn key_text<'py>(py: Python<'py>, key: &[u8]) -> PyResult<Bound<'py, PyString>> {
    // Those that every entry of every server has.
    Ok(match key {
        b"type" | b"Type" => pyo3::intern!(py, "type").clone(),
        b"size" | b"Size" => pyo3::intern!(py, "size").clone(),
        b"modify" | b"Modify" => pyo3::intern!(py, "modify").clone(),
        b"perm" | b"Perm" => pyo3::intern!(py, "perm").clone(),
        b"unique" | b"Unique" => pyo3::intern!(py, "unique").clone(),
        _ => text(py, &key.to_ascii_lowercase())?,
    })
}
