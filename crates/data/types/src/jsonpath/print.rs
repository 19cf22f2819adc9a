//! The canonical text of a jsonpath.

use super::{Chain, FLAG_LETTERS, LAST_LEVEL, Method, Node, Operator, Path};
use crate::json::write_string;
use crate::numeric::write_plain;

impl Path {
    /// Adds the canonical text.
    pub fn write(&self, out: &mut Vec<u8>) {
        if !self.lax {
            out.extend_from_slice(b"strict ");
        }
        write_chain(&self.chain, true, out);
    }
}

/// How tightly a node binds; looser ones need parentheses within it.
fn priority(node: &Node) -> u8 {
    match node {
        Node::Binary(operator, _) => match operator {
            Operator::Or => 0,
            Operator::And => 1,
            Operator::Add | Operator::Subtract => 3,
            Operator::Multiply | Operator::Divide | Operator::Modulo => 4,
            _ => 2,
        },
        Node::Sign(..) => 5,
        _ => 6,
    }
}

fn write_chain(chain: &Chain, brackets: bool, out: &mut Vec<u8>) {
    for (k, node) in chain.iter().enumerate() {
        // What accessors follow is always in parentheses.
        write_node(node, brackets || chain.len() > 1, k + 1 < chain.len(), out);
    }
}

fn write_operand(operand: &Chain, of: &Node, out: &mut Vec<u8>) {
    write_chain(operand, priority(&operand[0]) <= priority(of), out);
}

fn write_node(node: &Node, brackets: bool, followed: bool, out: &mut Vec<u8>) {
    let open = |out: &mut Vec<u8>| brackets.then(|| out.push(b'('));
    let close = |out: &mut Vec<u8>| brackets.then(|| out.push(b')'));
    match node {
        Node::Null => out.extend_from_slice(b"null"),
        Node::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
        Node::Number(number) => {
            if followed {
                out.push(b'(');
            }
            write_plain(number, out);
            if followed {
                out.push(b')');
            }
        }
        Node::String(text) => write_string(text, out),
        Node::Variable(name) => {
            out.push(b'$');
            write_string(name, out);
        }
        Node::Root => out.push(b'$'),
        Node::Current => out.push(b'@'),
        Node::Last => out.extend_from_slice(b"last"),
        Node::Binary(operator, operands) => {
            open(out);
            write_operand(&operands.0, node, out);
            out.push(b' ');
            out.extend_from_slice(operator.symbol().as_bytes());
            out.push(b' ');
            write_operand(&operands.1, node, out);
            close(out);
        }
        Node::Sign(minus, operand) => {
            open(out);
            out.push(if *minus { b'-' } else { b'+' });
            write_operand(operand, node, out);
            close(out);
        }
        Node::Not(inner) => {
            out.extend_from_slice(b"!(");
            write_chain(inner, false, out);
            out.push(b')');
        }
        Node::IsUnknown(inner) => {
            out.push(b'(');
            write_chain(inner, false, out);
            out.extend_from_slice(b") is unknown");
        }
        Node::Exists(inner) => {
            out.extend_from_slice(b"exists (");
            write_chain(inner, false, out);
            out.push(b')');
        }
        Node::LikeRegex(like) => {
            open(out);
            write_operand(&like.expression, node, out);
            out.extend_from_slice(b" like_regex ");
            write_string(&like.pattern, out);
            if like.flags != 0 {
                out.extend_from_slice(b" flag \"");
                out.extend(FLAG_LETTERS.iter().filter(|(bit, _)| like.flags & bit != 0).map(|(_, letter)| *letter));
                out.push(b'"');
            }
            close(out);
        }
        Node::Key(key) => {
            out.push(b'.');
            write_string(key, out);
        }
        Node::AnyKey => out.extend_from_slice(b".*"),
        Node::AnyElement => out.extend_from_slice(b"[*]"),
        Node::Elements(list) => {
            out.push(b'[');
            for (k, (from, to)) in list.iter().enumerate() {
                if k > 0 {
                    out.push(b',');
                }
                write_chain(from, false, out);
                if let Some(to) = to {
                    out.extend_from_slice(b" to ");
                    write_chain(to, false, out);
                }
            }
            out.push(b']');
        }
        Node::AnyLevel(first, last) => {
            let level = |level: u32| if level == LAST_LEVEL { "last".to_string() } else { level.to_string() };
            let text = match (*first, *last) {
                (0, LAST_LEVEL) => ".**".to_string(),
                (first, last) if first == last => format!(".**{{{}}}", level(first)),
                (first, last) => format!(".**{{{} to {}}}", level(first), level(last)),
            };
            out.extend_from_slice(text.as_bytes());
        }
        Node::Filter(inner) => {
            out.extend_from_slice(b"?(");
            write_chain(inner, false, out);
            out.push(b')');
        }
        Node::Method(method) => {
            out.push(b'.');
            out.extend_from_slice(method.name().as_bytes());
            out.push(b'(');
            match method {
                Method::Decimal(Some((precision, scale))) => {
                    write_plain(precision, out);
                    if let Some(scale) = scale {
                        out.push(b',');
                        write_plain(scale, out);
                    }
                }
                Method::Datetime(Some(template)) => write_string(template, out),
                Method::Time(Some(precision))
                | Method::TimeTz(Some(precision))
                | Method::Timestamp(Some(precision))
                | Method::TimestampTz(Some(precision)) => write_plain(precision, out),
                _ => {}
            }
            out.push(b')');
        }
    }
}
