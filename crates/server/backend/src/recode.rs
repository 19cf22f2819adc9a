//! The protocol's border for clients whose encoding is not the server's: their messages become UTF-8, and what goes to them becomes theirs.
//!
//! | what | where |
//! |---|---|
//! | texts in the client's messages: statements, names | [`decode`], as a message comes in |
//! | parameters, by their format | `Session::received` |
//! | values of rows | `Session::write_row`: a character that the client's encoding does not have fails the statement |
//! | names of columns, errors, notices, notifications | [`encode`], as messages go out: such a character becomes a question mark |
//! | data of COPY | `commands`, which knows the statement's own ENCODING |
//! | texts within binary forms | `types::io::receive_text`, `send_text` |

use encoding::Encoding;
use error::Result;

/// Makes UTF-8 of the texts in the body of a client's message of a kind.
pub(crate) fn decode(kind: u8, body: &mut Vec<u8>, encoding: Encoding) -> Result<()> {
    // What is before the texts, and how many there are, each with its zero byte.
    let (before, texts) = match kind {
        b'Q' | b'E' | b'f' => (0, 1),
        b'P' | b'B' => (0, 2),
        b'D' | b'C' => (1, 1),
        _ => return Ok(()),
    };
    if body.is_ascii() {
        return Ok(());
    }
    let Some((head, mut rest)) = body.split_at_checked(before) else { return Ok(()) };
    let mut decoded = head.to_vec();
    for _ in 0..texts {
        // A message that is cut off is the parser's to complain of.
        let Some(end) = rest.iter().position(|&byte| byte == 0) else { return Ok(()) };
        encoding.decode(&rest[..end], &mut decoded)?;
        decoded.push(0);
        rest = &rest[end + 1..];
    }
    decoded.extend_from_slice(rest);
    *body = decoded;
    Ok(())
}

/// Puts the text behind a place into the client's encoding.
pub(crate) fn encode_text(encoding: Encoding, out: &mut Vec<u8>, from: usize) -> Result<()> {
    if out[from..].is_ascii() {
        return Ok(());
    }
    let text = out.split_off(from);
    encoding.encode(encoding::utf8(&text)?, out)
}

/// Puts the texts of whole messages into the client's encoding; values of rows and data of COPY are in it already.
pub(crate) fn encode(messages: &mut Vec<u8>, from: usize, encoding: Encoding) {
    if messages[from..].is_ascii() {
        return;
    }
    let bytes = messages.split_off(from);
    let mut rest = bytes.as_slice();
    while let Some((&kind, tail)) = rest.split_first() {
        let length = tail.first_chunk::<4>().map_or(0, |length| u32::from_be_bytes(*length) as usize);
        let Some((body, after)) = tail.split_at_checked(length).filter(|_| length >= 4) else {
            // Not a message: an answer of one byte to a request for encryption.
            messages.extend_from_slice(rest);
            return;
        };
        rest = after;
        let body = &body[4..];
        if !matches!(kind, b'T' | b'E' | b'N' | b'A' | b'S' | b'C') || body.is_ascii() {
            messages.push(kind);
            messages.extend_from_slice(&(length as u32).to_be_bytes());
            messages.extend_from_slice(body);
            continue;
        }
        let start = messages.len();
        messages.push(kind);
        messages.extend_from_slice(&[0; 4]);
        encode_body(kind, body, encoding, messages);
        let length = (messages.len() - start - 1) as u32;
        messages[start + 1..start + 5].copy_from_slice(&length.to_be_bytes());
    }
}

fn encode_body(kind: u8, body: &[u8], encoding: Encoding, out: &mut Vec<u8>) {
    /// Bytes behind the name of a column: table, attribute, type, size, modifier, format.
    const COLUMN: usize = 18;
    // Before the first text, before each text, behind each.
    let (first, before, behind) = match kind {
        b'T' => (2, 0, COLUMN),
        b'A' => (4, 0, 0),
        b'E' | b'N' => (0, 1, 0),
        _ => (0, 0, 0),
    };
    let mut rest = body;
    let keep = |count: usize, rest: &mut &[u8], out: &mut Vec<u8>| {
        let (kept, tail) = rest.split_at(count.min(rest.len()));
        out.extend_from_slice(kept);
        *rest = tail;
    };
    keep(first, &mut rest, out);
    while !rest.is_empty() {
        keep(before, &mut rest, out);
        let Some(end) = rest.iter().position(|&byte| byte == 0) else { break };
        encoding.encode_lossy(&String::from_utf8_lossy(&rest[..end]), out);
        out.push(0);
        rest = &rest[end + 1..];
        keep(behind, &mut rest, out);
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_change_their_texts_only() {
        let latin1 = Encoding::named("LATIN1").expect("an encoding");
        let mut body = b"\xe9\0select '\xe9'\0\0\x01\0\0\0\xe9".to_vec();
        decode(b'P', &mut body, latin1).expect("texts");
        assert_eq!(body, "é\0select 'é'\0\0\x01\0\0\0".bytes().chain([0xe9]).collect::<Vec<u8>>());
        let mut out = Vec::new();
        let field = |name| wire::backend::Field {
            name,
            table: 0xe9,
            column: 1,
            type_oid: 25,
            type_size: -1,
            type_modifier: -1,
            format: wire::Format::Text,
        };
        wire::backend::row_description(&mut out, [field("é"), field("€")].into_iter());
        wire::backend::data_row(&mut out, [Some(&b"\xe9"[..])].into_iter());
        wire::backend::command_complete(&mut out, "SELECT 1");
        let mut wanted = Vec::new();
        wire::backend::row_description(&mut wanted, [field("?"), field("?")].into_iter());
        let at = wanted.iter().position(|&b| b == b'?').expect("a name");
        wanted[at] = 0xe9;
        wire::backend::data_row(&mut wanted, [Some(&b"\xe9"[..])].into_iter());
        wire::backend::command_complete(&mut wanted, "SELECT 1");
        encode(&mut out, 0, latin1);
        assert_eq!(out, wanted);
    }
}
