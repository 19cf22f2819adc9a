//! One definition of a query-tree node, three uses: the type, its text form, and walks over it.
//!
//! The [`node!`] macro takes the definition of a struct or enum and writes, beside the type itself, its [`Node`]
//! implementation: `write` and `read` for the text that `pg_node_tree` columns store, and `visit` / `visit_mut`, which hand every
//! expression and subquery below a node to a [`Visitor`]. Nobody writes a walk by hand, so none can forget a field; most say only what they
//! look for, in a closure ([`Expr::walk`](crate::query::Expr::walk)).
//!
//! # Text form
//!
//! A struct is its fields in parentheses, an enum the variant's name and its fields in braces, a list is bracketed, an absent
//! option is `-`; numbers are decimal, strings quoted with `"` and `\` escaped, bytes hexadecimal. The first word of a stored
//! tree is the version of the format ([`VERSION`]). It is not PostgreSQL's: no client parses those columns, they ask
//! `pg_get_expr` and its like.

mod walk;

use batch::Datum;
use error::{Error, Result, SqlState};
use ids::Oid;

pub(crate) use walk::forget_place;
pub use walk::{Next, Visitor, VisitorMut};

/// The version of the text form; the first word of every stored tree.
pub const VERSION: u32 = 3;

/// How deep a stored tree may nest before reading it is refused.
const DEPTH_MAX: u32 = 10_000;

/// Something in a query tree: it has a text form, and its expressions can be visited.
pub trait Node: Sized {
    /// Appends the text form.
    fn write(&self, out: &mut String);
    /// Reads what `write` wrote. Anything else is `XX001`.
    fn read(input: &mut Reader<'_>) -> Result<Self>;
    /// Hands the nearest expressions and queries at or below this node to the visitor.
    fn visit(&self, _visitor: &mut dyn Visitor) {}
    /// The same, for visitors that change what they see.
    fn visit_mut(&mut self, _visitor: &mut dyn VisitorMut) {}
}

/// The stored text of a tree.
pub fn to_text(node: &impl Node) -> String {
    let mut out = VERSION.to_string();
    out.push(' ');
    node.write(&mut out);
    out
}

/// The tree of a stored text.
pub fn from_text<T: Node>(text: &str) -> Result<T> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    if reader.number::<u32>()? != VERSION {
        return Err(Error::corrupted("stored expression has an unknown version"));
    }
    let node = T::read(&mut reader)?;
    reader.skip_blanks();
    if reader.at != text.len() {
        return Err(reader.damaged());
    }
    Ok(node)
}

/// A place in a stored text.
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
}

impl<'a> Reader<'a> {
    fn damaged(&self) -> Error {
        Error::corrupted(format!("stored expression is damaged at byte {}", self.at))
    }

    fn skip_blanks(&mut self) {
        while self.text.as_bytes().get(self.at) == Some(&b' ') {
            self.at += 1;
        }
    }

    fn peek(&mut self) -> Option<u8> {
        self.skip_blanks();
        self.text.as_bytes().get(self.at).copied()
    }

    /// Takes this punctuation, or fails.
    pub fn expect(&mut self, c: u8) -> Result<()> {
        if self.peek() == Some(c) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.damaged())
        }
    }

    /// Takes the punctuation if it is next.
    pub fn take(&mut self, c: u8) -> bool {
        let found = self.peek() == Some(c);
        self.at += found as usize;
        found
    }

    /// One level deeper; fails at the limit.
    pub fn enter(&mut self, c: u8) -> Result<()> {
        self.expect(c)?;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Error::new(SqlState::STATEMENT_TOO_COMPLEX, "stack depth limit exceeded"));
        }
        Ok(())
    }

    /// Back out of a level.
    pub fn leave(&mut self, c: u8) -> Result<()> {
        self.depth -= 1;
        self.expect(c)
    }

    /// The next word: letters, digits, `-`, `.`.
    pub fn word(&mut self) -> Result<&'a str> {
        self.skip_blanks();
        let rest = &self.text[self.at..];
        let len = rest.bytes().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_')).count();
        if len == 0 {
            return Err(self.damaged());
        }
        self.at += len;
        Ok(&rest[..len])
    }

    fn number<T: std::str::FromStr>(&mut self) -> Result<T> {
        let at = self.at;
        let word = self.word()?;
        word.parse().map_err(|_| {
            self.at = at;
            self.damaged()
        })
    }
}

macro_rules! plain_numbers {
    ($($type:ty),*) => {$(
        impl Node for $type {
            fn write(&self, out: &mut String) {
                use std::fmt::Write;
                let _ = write!(out, " {self}");
            }
            fn read(input: &mut Reader<'_>) -> Result<Self> {
                input.number()
            }
        }
    )*};
}
plain_numbers!(u8, u16, u32, u64, u128, usize, i16, i32, i64);

impl Node for bool {
    fn write(&self, out: &mut String) {
        out.push_str(if *self { " t" } else { " f" });
    }
    fn read(input: &mut Reader<'_>) -> Result<Self> {
        match input.word()? {
            "t" => Ok(true),
            "f" => Ok(false),
            _ => Err(input.damaged()),
        }
    }
}

impl Node for Oid {
    fn write(&self, out: &mut String) {
        self.0.write(out);
    }
    fn read(input: &mut Reader<'_>) -> Result<Self> {
        Ok(Oid(u32::read(input)?))
    }
}

impl Node for String {
    fn write(&self, out: &mut String) {
        out.push_str(" \"");
        for c in self.chars() {
            if matches!(c, '"' | '\\') {
                out.push('\\');
            }
            out.push(c);
        }
        out.push('"');
    }
    fn read(input: &mut Reader<'_>) -> Result<Self> {
        input.expect(b'"')?;
        let mut value = String::new();
        let mut chars = input.text[input.at..].char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    input.at += at + 1;
                    return Ok(value);
                }
                '\\' => value.push(chars.next().ok_or_else(|| input.damaged())?.1),
                c => value.push(c),
            }
        }
        Err(input.damaged())
    }
}

impl Node for Datum {
    fn write(&self, out: &mut String) {
        use std::fmt::Write;
        let _ = match self {
            Datum::Null => write!(out, " n"),
            Datum::B1(v) => write!(out, " b1 {v}"),
            Datum::B2(v) => write!(out, " b2 {v}"),
            Datum::B4(v) => write!(out, " b4 {v}"),
            Datum::B8(v) => write!(out, " b8 {v}"),
            Datum::Bytes(bytes) => {
                out.push_str(" x");
                for byte in bytes {
                    let _ = write!(out, "{byte:02x}");
                }
                Ok(())
            }
        };
    }
    fn read(input: &mut Reader<'_>) -> Result<Self> {
        match input.word()? {
            "n" => Ok(Datum::Null),
            "b1" => Ok(Datum::B1(input.number()?)),
            "b2" => Ok(Datum::B2(input.number()?)),
            "b4" => Ok(Datum::B4(input.number()?)),
            "b8" => Ok(Datum::B8(input.number()?)),
            hex if hex.starts_with('x') && hex.len() % 2 == 1 => {
                let bytes: Option<Vec<u8>> = (1..hex.len())
                    .step_by(2)
                    .map(|at| hex.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
                    .collect();
                Ok(Datum::Bytes(bytes.ok_or_else(|| input.damaged())?.into()))
            }
            _ => Err(input.damaged()),
        }
    }
}

impl<T: Node> Node for Vec<T> {
    fn write(&self, out: &mut String) {
        out.push_str(" [");
        self.iter().for_each(|item| item.write(out));
        out.push(']');
    }
    fn read(input: &mut Reader<'_>) -> Result<Self> {
        input.enter(b'[')?;
        let mut items = Vec::new();
        while input.peek() != Some(b']') {
            items.push(T::read(input)?);
        }
        input.leave(b']')?;
        Ok(items)
    }
    fn visit(&self, visitor: &mut dyn Visitor) {
        self.iter().for_each(|item| item.visit(visitor));
    }
    fn visit_mut(&mut self, visitor: &mut dyn VisitorMut) {
        self.iter_mut().for_each(|item| item.visit_mut(visitor));
    }
}

impl<T: Node> Node for Box<T> {
    fn write(&self, out: &mut String) {
        (**self).write(out);
    }
    fn read(input: &mut Reader<'_>) -> Result<Self> {
        Ok(Box::new(T::read(input)?))
    }
    fn visit(&self, visitor: &mut dyn Visitor) {
        (**self).visit(visitor);
    }
    fn visit_mut(&mut self, visitor: &mut dyn VisitorMut) {
        (**self).visit_mut(visitor);
    }
}

impl<T: Node> Node for Option<T> {
    fn write(&self, out: &mut String) {
        match self {
            None => out.push_str(" !"),
            Some(value) => {
                out.push_str(" ?");
                value.write(out);
            }
        }
    }
    fn read(input: &mut Reader<'_>) -> Result<Self> {
        if input.take(b'!') {
            return Ok(None);
        }
        input.expect(b'?')?;
        Ok(Some(T::read(input)?))
    }
    fn visit(&self, visitor: &mut dyn Visitor) {
        if let Some(value) = self {
            value.visit(visitor);
        }
    }
    fn visit_mut(&mut self, visitor: &mut dyn VisitorMut) {
        if let Some(value) = self {
            value.visit_mut(visitor);
        }
    }
}

impl<A: Node, B: Node> Node for (A, B) {
    fn write(&self, out: &mut String) {
        self.0.write(out);
        self.1.write(out);
    }
    fn read(input: &mut Reader<'_>) -> Result<Self> {
        Ok((A::read(input)?, B::read(input)?))
    }
    fn visit(&self, visitor: &mut dyn Visitor) {
        self.0.visit(visitor);
        self.1.visit(visitor);
    }
    fn visit_mut(&mut self, visitor: &mut dyn VisitorMut) {
        self.0.visit_mut(visitor);
        self.1.visit_mut(visitor);
    }
}

/// Defines a node type together with its [`Node`] implementation; see the module. Fields of tuple-like variants are named in
/// the definition (`Not(arg: Box<Expr>)`), for the generated code. With `hook expr` (or `query`) before the type, a visit
/// of the node is a call of the visitor's method of that name, and the type gets `visit_children` and `visit_children_mut`.
macro_rules! node {
    (@visit $self:ident, $visitor:ident) => { $self.descend($visitor) };
    (@visit $self:ident, $visitor:ident, $hook:ident) => { $visitor.$hook($self) };
    (@visit_mut $self:ident, $visitor:ident) => { $self.descend_mut($visitor) };
    (@visit_mut $self:ident, $visitor:ident, $hook:ident) => { $visitor.$hook($self) };
    (@children) => {};
    (@children $hook:ident) => {
        /// Visits what is directly below.
        pub fn visit_children(&self, visitor: &mut dyn $crate::node::Visitor) {
            self.descend(visitor)
        }
        /// Visits what is directly below, to change it.
        pub fn visit_children_mut(&mut self, visitor: &mut dyn $crate::node::VisitorMut) {
            self.descend_mut(visitor)
        }
    };
    ($(hook $hook:ident;)? $(#[$meta:meta])* pub struct $name:ident { $($(#[$fmeta:meta])* pub $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        pub struct $name { $($(#[$fmeta])* pub $field: $type,)* }

        impl $name {
            node!(@children $($hook)?);
            fn descend(&self, _visitor: &mut dyn $crate::node::Visitor) {
                $($crate::node::Node::visit(&self.$field, _visitor);)*
            }
            fn descend_mut(&mut self, _visitor: &mut dyn $crate::node::VisitorMut) {
                $($crate::node::Node::visit_mut(&mut self.$field, _visitor);)*
            }
        }
        impl $crate::node::Node for $name {
            fn write(&self, out: &mut String) {
                out.push_str(" (");
                $($crate::node::Node::write(&self.$field, out);)*
                out.push(')');
            }
            fn read(input: &mut $crate::node::Reader<'_>) -> error::Result<Self> {
                input.enter(b'(')?;
                $(let $field = $crate::node::Node::read(input)?;)*
                input.leave(b')')?;
                Ok($name { $($field),* })
            }
            fn visit(&self, visitor: &mut dyn $crate::node::Visitor) {
                node!(@visit self, visitor $(, $hook)?)
            }
            fn visit_mut(&mut self, visitor: &mut dyn $crate::node::VisitorMut) {
                node!(@visit_mut self, visitor $(, $hook)?)
            }
        }
    };
    ($(#[$meta:meta])* pub enum $name:ident { $(
        $(#[$vmeta:meta])* $variant:ident
            $(( $($tfield:ident: $ttype:ty),* ))?
            $({ $($(#[$fmeta:meta])* $field:ident: $type:ty,)* })?
    ,)* }) => {
        $(#[$meta])*
        pub enum $name { $($(#[$vmeta])* $variant $(($($ttype),*))? $({ $($(#[$fmeta])* $field: $type,)* })?,)* }

        impl $crate::node::Node for $name {
            fn write(&self, out: &mut String) {
                match self {
                    $($name::$variant $(($($tfield),*))? $({ $($field),* })? => {
                        out.push_str(concat!(" {", stringify!($variant)));
                        $($($crate::node::Node::write($tfield, out);)*)?
                        $($($crate::node::Node::write($field, out);)*)?
                    })*
                }
                out.push('}');
            }
            fn read(input: &mut $crate::node::Reader<'_>) -> error::Result<Self> {
                input.enter(b'{')?;
                let value = match input.word()? {
                    $(stringify!($variant) => {
                        $($(let $tfield = $crate::node::Node::read(input)?;)*)?
                        $($(let $field = $crate::node::Node::read(input)?;)*)?
                        $name::$variant $(($($tfield),*))? $({ $($field),* })?
                    })*
                    other => return Err(error::Error::corrupted(format!("stored expression has unknown part {other}"))),
                };
                input.leave(b'}')?;
                Ok(value)
            }
            fn visit(&self, _visitor: &mut dyn $crate::node::Visitor) {
                match self {
                    $($name::$variant $(($($tfield),*))? $({ $($field),* })? => {
                        $($($crate::node::Node::visit($tfield, _visitor);)*)?
                        $($($crate::node::Node::visit($field, _visitor);)*)?
                    })*
                }
            }
            fn visit_mut(&mut self, _visitor: &mut dyn $crate::node::VisitorMut) {
                match self {
                    $($name::$variant $(($($tfield),*))? $({ $($field),* })? => {
                        $($($crate::node::Node::visit_mut($tfield, _visitor);)*)?
                        $($($crate::node::Node::visit_mut($field, _visitor);)*)?
                    })*
                }
            }
        }
    };
}
pub(crate) use node;
