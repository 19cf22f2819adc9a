//! How built-in functions are called, and how a scalar Rust function becomes a loop over a batch.
//!
//! A built-in is written once, with typed arguments: `fn int4pl(a: i32, b: i32) -> Result<i32>`. A line in its module's
//! table ([`builtins!`](crate::builtins)) gives it an OID and derives the loop, its *kernel*:
//!
//! ```
//! use error::Result;
//! fn plus(a: i32, b: i32) -> Result<i32> {
//!     a.checked_add(b).ok_or_else(|| error::Error::new(error::SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "integer out of range"))
//! }
//! fn double(a: &[u8], out: &mut Vec<u8>) {
//!     out.extend_from_slice(a);
//!     out.extend_from_slice(a);
//! }
//! types::builtins! {
//!     /// Functions of this example.
//!     pub static EXAMPLE =
//!     177 int4pl fast(i32, i32) plus;
//!     9999 double arena(&[u8]) double;
//! }
//! assert_eq!(EXAMPLE[0].name, "int4pl");
//! ```
//!
//! The word before the parentheses says which loop:
//!
//! | word | the scalar function | the loop |
//! |---|---|---|
//! | `fast` | 1 or 2 arguments, a fixed-width result that is never null | specialised for constant arguments and for batches without nulls or selection |
//! | `each` | any arguments, any result ([`Answer`]) | one compact loop |
//! | `arena` | as `each`, with a last argument `&mut Vec<u8>` where it appends the result's bytes | writes straight into the column |
//! | `raw` | `fn(&mut Call) -> Result<()>` | its own |
//!
//! # Nulls
//!
//! A function is strict in each argument whose Rust type is not an `Option`: a null there makes the result null and the
//! function is not called. `Option<T>` as an argument sees the null as `None`; an `Option` as the result gives one.
//!
//! # Arguments that are not columns
//!
//! A parameter of type [`Context`] receives the session and the call's types, and takes no SQL argument's place.

use crate::Environment;
use batch::{ByteValues, Column, DatumRef, Rows};
use error::{Error, Result};
use ids::Oid;

/// What is the same for all rows of a call.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The session.
    pub env: &'a dyn Environment,
    /// The collation that the function shall use; 0 if it needs none.
    pub collation: Oid,
    /// The type of the result, with polymorphic types resolved.
    pub result_type: Oid,
    /// The types of the arguments, with polymorphic types resolved.
    pub arg_types: &'a [Oid],
    /// Whether the last argument is an array that stands for a `VARIADIC "any"` list (written `VARIADIC x`).
    pub variadic: bool,
}

impl<'a> Context<'a> {
    /// A context without collation, types or variadic array.
    pub fn plain(env: &'a dyn Environment) -> Context<'a> {
        Context { env, collation: Oid::INVALID, result_type: Oid::INVALID, arg_types: &[], variadic: false }
    }

    /// The type of an argument; 0 if it is not known.
    pub fn arg_type(&self, argument: usize) -> Oid {
        self.arg_types.get(argument).copied().unwrap_or(Oid::INVALID)
    }
}

/// One call of a built-in function for the rows of a batch.
///
/// The caller has called [`Column::reset`] on `out` with the batch's length (with 1, and `rows` of `All(1)`, for a call
/// whose arguments are all constant), in the form of the result's type. The kernel writes the results at the rows' own
/// positions and leaves the others alone.
pub struct Call<'a> {
    /// The arguments, each with a value at every row or constant.
    pub args: &'a [&'a Column],
    /// The rows to compute.
    pub rows: Rows<'a>,
    /// Where the results go.
    pub out: &'a mut Column,
    /// What is the same for all rows.
    pub context: Context<'a>,
}

/// The vector loop of a function.
pub type Kernel = fn(&mut Call<'_>) -> Result<()>;

/// A function that is built in.
#[derive(Clone, Copy)]
pub struct Builtin {
    /// Its OID in `pg_proc`.
    pub oid: Oid,
    /// Its `prosrc`: unlike `proname` it is its own.
    pub name: &'static str,
    /// Its vector loop.
    pub kernel: Kernel,
}

impl std::fmt::Debug for Builtin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.oid, self.name)
    }
}

impl Builtin {
    /// Computes it for `rows` of a batch of `len` positions into `out`, whose form must be the result type's. If all
    /// arguments are constant it is computed once and `out` becomes constant: not for volatile functions.
    pub fn evaluate(
        &self,
        args: &[&Column],
        rows: Rows<'_>,
        len: usize,
        context: Context<'_>,
        out: &mut Column,
    ) -> Result<()> {
        if !args.is_empty() && !rows.is_empty() && args.iter().all(|arg| arg.is_constant()) {
            out.reset(1);
            (self.kernel)(&mut Call { args, rows: Rows::All(1), out, context })?;
            out.set_constant();
            return Ok(());
        }
        out.reset(len);
        (self.kernel)(&mut Call { args, rows, out, context })
    }

    /// Computes it once for single values; `result` is the form of the result's type.
    pub fn evaluate_one(
        &self,
        args: &[DatumRef<'_>],
        context: Context<'_>,
        result: batch::Repr,
    ) -> Result<batch::Datum> {
        let columns: Vec<Column> = args
            .iter()
            .enumerate()
            .map(|(k, &value)| {
                let form = value.repr().or_else(|| crate::repr(context.arg_type(k))).unwrap_or(batch::Repr::Bytes);
                Column::constant(form, value)
            })
            .collect();
        let columns: Vec<&Column> = columns.iter().collect();
        let mut out = Column::new(result);
        out.reset(1);
        (self.kernel)(&mut Call { args: &columns, rows: Rows::All(1), out: &mut out, context })?;
        Ok(out.datum(0))
    }
}

/// A parameter of a scalar function: how it is read from a column.
pub trait Arg<'a>: Sized {
    /// The column's values, ready to be read by row.
    type Bound: Copy;
    /// Takes the next SQL argument (or none); sets its bit in `strict` if a null there must not be seen.
    fn bind(args: &'a [&'a Column], context: &Context<'a>, next: &mut usize, strict: &mut u32) -> Self::Bound;
    /// The value at a row.
    fn get(bound: Self::Bound, row: usize) -> Self;
}

/// Values of a column with a mask for their positions: all ones, or zero if the column is constant.
#[derive(Clone, Copy)]
pub struct Masked<V> {
    values: V,
    mask: usize,
}

/// A parameter type that is read from a column without regard to nulls.
pub trait Read<'a>: Sized {
    /// The column's values.
    type Values: Copy;
    /// The values of a column; panics for a column of another form.
    fn values(column: &'a Column) -> Self::Values;
    /// The same values, cut to the first `len` if that is possible.
    fn cut(values: Self::Values, len: usize) -> Self::Values;
    /// The value at a position.
    fn at(values: Self::Values, at: usize) -> Self;
}

fn take<'a>(args: &'a [&'a Column], next: &mut usize) -> &'a Column {
    let column = args[*next];
    *next += 1;
    column
}

impl<'a, T: Read<'a>> Arg<'a> for T {
    type Bound = Masked<T::Values>;

    #[inline]
    fn bind(args: &'a [&'a Column], _: &Context<'a>, next: &mut usize, strict: &mut u32) -> Self::Bound {
        *strict |= 1 << *next;
        let column = take(args, next);
        Masked { values: T::values(column), mask: if column.is_constant() { 0 } else { usize::MAX } }
    }

    #[inline(always)]
    fn get(bound: Self::Bound, row: usize) -> T {
        T::at(bound.values, row & bound.mask)
    }
}

impl<'a, T: Read<'a>> Arg<'a> for Option<T> {
    type Bound = (&'a Column, T::Values);

    #[inline]
    fn bind(args: &'a [&'a Column], _: &Context<'a>, next: &mut usize, _: &mut u32) -> Self::Bound {
        let column = take(args, next);
        (column, T::values(column))
    }

    #[inline(always)]
    fn get((column, values): Self::Bound, row: usize) -> Option<T> {
        (!column.is_null(row)).then(|| T::at(values, column.index(row)))
    }
}

impl<'a> Arg<'a> for Context<'a> {
    type Bound = Context<'a>;

    #[inline]
    fn bind(_: &'a [&'a Column], context: &Context<'a>, _: &mut usize, _: &mut u32) -> Context<'a> {
        *context
    }

    #[inline(always)]
    fn get(bound: Context<'a>, _: usize) -> Context<'a> {
        bound
    }
}

/// Any value, of any form; a null is seen.
impl<'a> Arg<'a> for DatumRef<'a> {
    type Bound = &'a Column;

    #[inline]
    fn bind(args: &'a [&'a Column], _: &Context<'a>, next: &mut usize, _: &mut u32) -> &'a Column {
        take(args, next)
    }

    #[inline(always)]
    fn get(column: &'a Column, row: usize) -> DatumRef<'a> {
        column.get(row)
    }
}

/// Any value, of any form, but null.
#[derive(Clone, Copy, Debug)]
pub struct NotNull<'a>(pub DatumRef<'a>);

impl<'a> Arg<'a> for NotNull<'a> {
    type Bound = &'a Column;

    #[inline]
    fn bind(args: &'a [&'a Column], _: &Context<'a>, next: &mut usize, strict: &mut u32) -> &'a Column {
        *strict |= 1 << *next;
        take(args, next)
    }

    #[inline(always)]
    fn get(column: &'a Column, row: usize) -> NotNull<'a> {
        NotNull(column.get(row))
    }
}

/// A result type: how it is written to a column.
pub trait Value {
    /// Writes it at a position.
    fn put(self, out: &mut Column, at: usize);
}

/// A result type of a fixed width.
pub trait Fixed: Value {
    /// How the column stores it.
    type Slot: Copy;
    /// The column's values.
    fn slots(out: &mut Column) -> &mut [Self::Slot];
    /// The value to store.
    fn slot(self) -> Self::Slot;
}

macro_rules! fixed {
    ($($type:ty: $slot:ty, $read:ident, $write:ident, |$raw:ident| $from:expr, |$value:ident| $into:expr;)*) => {
        $(impl<'a> Read<'a> for $type {
            type Values = &'a [$slot];
            #[inline]
            fn values(column: &'a Column) -> &'a [$slot] {
                column.$read()
            }
            #[inline(always)]
            fn cut(values: &'a [$slot], len: usize) -> &'a [$slot] {
                &values[..len.min(values.len())]
            }
            #[inline(always)]
            fn at(values: &'a [$slot], at: usize) -> $type {
                let $raw = values[at];
                $from
            }
        }
        impl Value for $type {
            #[inline(always)]
            fn put(self, out: &mut Column, at: usize) {
                out.$write()[at] = self.slot();
            }
        }
        impl Fixed for $type {
            type Slot = $slot;
            #[inline]
            fn slots(out: &mut Column) -> &mut [$slot] {
                out.$write()
            }
            #[inline(always)]
            fn slot(self) -> $slot {
                let $value = self;
                $into
            }
        }
        impl Answer for $type {
            type Value = $type;
            #[inline(always)]
            fn resolve(self) -> Result<Option<$type>> {
                Ok(Some(self))
            }
        }
        impl FixedAnswer for $type {
            type Value = $type;
            const TOTAL: bool = true;
            #[inline(always)]
            fn resolve(self) -> Result<$type> {
                Ok(self)
            }
        })*
    };
}

fixed! {
    bool: u8, b1, b1_mut, |raw| raw != 0, |value| value as u8;
    u8: u8, b1, b1_mut, |raw| raw, |value| value;
    i16: i16, b2, b2_mut, |raw| raw, |value| value;
    i32: i32, b4, b4_mut, |raw| raw, |value| value;
    u32: i32, b4, b4_mut, |raw| raw as u32, |value| value as i32;
    Oid: i32, b4, b4_mut, |raw| Oid(raw as u32), |value| value.0 as i32;
    i64: i64, b8, b8_mut, |raw| raw, |value| value;
    u64: i64, b8, b8_mut, |raw| raw as u64, |value| value as i64;
    f32: f32, f32, f32_mut, |raw| raw, |value| value;
    f64: f64, f64, f64_mut, |raw| raw, |value| value;
}

impl<'a> Read<'a> for &'a [u8] {
    type Values = &'a ByteValues;

    #[inline]
    fn values(column: &'a Column) -> &'a ByteValues {
        column.bytes()
    }

    #[inline(always)]
    fn cut(values: &'a ByteValues, _: usize) -> &'a ByteValues {
        values
    }

    #[inline(always)]
    fn at(values: &'a ByteValues, at: usize) -> &'a [u8] {
        values.get(at)
    }
}

/// Declares a type whose values are byte strings, decoded by a function and written by another one.
#[macro_export]
macro_rules! bytes_value {
    ($type:ty, |$raw:ident| $decode:expr, |$value:ident, $out:ident| $encode:expr) => {
        impl<'a> $crate::call::Read<'a> for $type {
            type Values = &'a ::batch::ByteValues;
            #[inline]
            fn values(column: &'a ::batch::Column) -> &'a ::batch::ByteValues {
                column.bytes()
            }
            #[inline(always)]
            fn cut(values: &'a ::batch::ByteValues, _: usize) -> &'a ::batch::ByteValues {
                values
            }
            #[inline]
            fn at(values: &'a ::batch::ByteValues, at: usize) -> $type {
                let $raw = values.get(at);
                $decode
            }
        }
        $crate::bytes_result!($type, |$value, $out| $encode);
    };
}

/// Declares a type that functions can return and that becomes a byte string.
#[macro_export]
macro_rules! bytes_result {
    ($type:ty, |$value:ident, $out:ident| $encode:expr) => {
        $crate::bytes_result!(@ [] $type, |$value, $out| $encode);
    };
    (@ [$($life:lifetime)?] $type:ty, |$value:ident, $out:ident| $encode:expr) => {
        impl$(<$life>)? $crate::call::Value for $type {
            #[inline]
            fn put(self, out: &mut ::batch::Column, at: usize) {
                let $value = self;
                out.bytes_mut().put_with(at, |$out: &mut Vec<u8>| $encode);
            }
        }
        impl$(<$life>)? $crate::call::Answer for $type {
            type Value = $type;
            #[inline]
            fn resolve(self) -> ::error::Result<Option<$type>> {
                Ok(Some(self))
            }
        }
    };
}

bytes_result!(Vec<u8>, |value, out| out.extend_from_slice(&value));
bytes_result!(String, |value, out| out.extend_from_slice(value.as_bytes()));
bytes_result!(@ ['a] &'a [u8], |value, out| out.extend_from_slice(value));
bytes_result!(@ ['a] &'a str, |value, out| out.extend_from_slice(value.as_bytes()));

impl Value for batch::Datum {
    fn put(self, out: &mut Column, at: usize) {
        out.put(at, self.as_ref());
    }
}

impl Answer for batch::Datum {
    type Value = batch::Datum;
    fn resolve(self) -> Result<Option<batch::Datum>> {
        Ok(Some(self))
    }
}

impl Value for DatumRef<'_> {
    fn put(self, out: &mut Column, at: usize) {
        out.put(at, self);
    }
}

impl<'a> Answer for DatumRef<'a> {
    type Value = DatumRef<'a>;
    fn resolve(self) -> Result<Option<DatumRef<'a>>> {
        Ok(Some(self))
    }
}

/// What a scalar function may return: a value, an `Option` (none is null), or a `Result` of either.
pub trait Answer {
    /// What it is if not null.
    type Value: Value;
    /// The value, null or error.
    fn resolve(self) -> Result<Option<Self::Value>>;
}

impl<T: Value> Answer for Option<T> {
    type Value = T;
    #[inline(always)]
    fn resolve(self) -> Result<Option<T>> {
        Ok(self)
    }
}

impl<A: Answer> Answer for Result<A> {
    type Value = A::Value;
    #[inline(always)]
    fn resolve(self) -> Result<Option<A::Value>> {
        self?.resolve()
    }
}

/// What a `fast` function may return: a fixed-width value, or a `Result` of one.
pub trait FixedAnswer {
    /// The value's type.
    type Value: Fixed;
    /// Whether it never fails, so that it may be computed for nulls, too.
    const TOTAL: bool;
    /// The value or error.
    fn resolve(self) -> Result<Self::Value>;
}

impl<T: Fixed> FixedAnswer for Result<T> {
    type Value = T;
    const TOTAL: bool = false;
    #[inline(always)]
    fn resolve(self) -> Result<T> {
        self
    }
}

/// What an `arena` function may return: nothing, `None` for null, or a `Result` of either.
pub trait Written {
    /// Whether there is a value, or the error.
    fn written(self) -> Result<bool>;
}

impl Written for () {
    #[inline(always)]
    fn written(self) -> Result<bool> {
        Ok(true)
    }
}

impl Written for Option<()> {
    #[inline(always)]
    fn written(self) -> Result<bool> {
        Ok(self.is_some())
    }
}

impl<W: Written> Written for Result<W> {
    #[inline(always)]
    fn written(self) -> Result<bool> {
        self?.written()
    }
}

/// Makes the results null where a strict argument is; returns whether rows may be null.
pub(crate) fn spread_nulls(call: &mut Call<'_>, strict: u32) -> bool {
    for (at, arg) in call.args.iter().enumerate() {
        if strict >> at & 1 != 0 {
            call.out.inherit_nulls(arg, call.rows);
        }
    }
    call.out.has_nulls()
}

/// The loop of `each`.
#[inline]
pub fn each<A: Answer>(call: &mut Call<'_>, strict: u32, f: impl Fn(usize) -> A) -> Result<()> {
    let nulls = spread_nulls(call, strict);
    let out = &mut *call.out;
    call.rows.try_for_each(|row| {
        if nulls && out.is_null(row) {
            return Ok(());
        }
        match f(row).resolve()? {
            Some(value) => value.put(out, row),
            None => out.set_null(row),
        }
        sys::memory::check()
    })
}

/// The loop of `arena`.
#[inline]
pub fn each_arena<W: Written>(call: &mut Call<'_>, strict: u32, f: impl Fn(usize, &mut Vec<u8>) -> W) -> Result<()> {
    let nulls = spread_nulls(call, strict);
    let out = &mut *call.out;
    call.rows.try_for_each(|row| {
        if nulls && out.is_null(row) {
            return Ok(());
        }
        let written = out.bytes_mut().put_with(row, |arena| {
            let start = arena.len();
            let written = f(row, arena).written();
            if arena.len() - start > ByteValues::MAX_LENGTH || written.is_err() {
                let long = arena.len() - start > ByteValues::MAX_LENGTH;
                arena.truncate(start);
                if long {
                    return Err(too_long());
                }
            }
            written
        })?;
        if !written {
            out.set_null(row);
        }
        sys::memory::check()
    })
}

/// The error for a value that would be longer than a value can be.
#[cold]
pub fn too_long() -> Error {
    Error::new(error::SqlState::PROGRAM_LIMIT_EXCEEDED, "requested length too large")
}

/// The loop of `fast`.
#[inline(always)]
fn each_fixed<A: FixedAnswer>(call: &mut Call<'_>, strict: u32, f: impl Fn(usize) -> A) -> Result<()> {
    if spread_nulls(call, strict) && !A::TOTAL {
        let out = &mut *call.out;
        return call.rows.try_for_each(|row| {
            if !out.is_null(row) {
                f(row).resolve()?.put(out, row);
            }
            Ok(())
        });
    }
    let slots = A::Value::slots(call.out);
    match call.rows {
        Rows::All(len) => {
            for (row, slot) in slots[..len].iter_mut().enumerate() {
                *slot = f(row).resolve()?.slot();
            }
        }
        Rows::Some(rows) => {
            for &row in rows {
                slots[row as usize] = f(row as usize).resolve()?.slot();
            }
        }
    }
    Ok(())
}

/// The `fast` loops of a function of one argument.
pub fn fast_unary<'a, A: Read<'a>, R: FixedAnswer>(call: &mut Call<'a>, f: impl Fn(A) -> R) -> Result<()> {
    let a = call.args[0];
    let values = A::values(a);
    if a.is_constant() {
        return each_fixed(call, 1, |_| f(A::at(values, 0)));
    }
    match call.rows {
        Rows::All(len) => {
            let values = A::cut(values, len);
            each_fixed(call, 1, |row| f(A::at(values, row)))
        }
        Rows::Some(_) => each_fixed(call, 1, |row| f(A::at(values, row))),
    }
}

/// The `fast` loops of a function of two arguments.
pub fn fast_binary<'a, A: Read<'a>, B: Read<'a>, R: FixedAnswer>(
    call: &mut Call<'a>,
    f: impl Fn(A, B) -> R,
) -> Result<()> {
    let (a, b) = (call.args[0], call.args[1]);
    let (mut left, mut right) = (A::values(a), B::values(b));
    if let Rows::All(len) = call.rows {
        left = A::cut(left, len);
        right = B::cut(right, len);
    }
    match (a.is_constant(), b.is_constant()) {
        (false, false) => match call.rows {
            Rows::All(len) => {
                let (left, right) = (A::cut(left, len), B::cut(right, len));
                each_fixed(call, 3, |row| f(A::at(left, row), B::at(right, row)))
            }
            Rows::Some(_) => each_fixed(call, 3, |row| f(A::at(left, row), B::at(right, row))),
        },
        (false, true) => each_fixed(call, 3, |row| f(A::at(left, row), B::at(right, 0))),
        (true, false) => each_fixed(call, 3, |row| f(A::at(left, 0), B::at(right, row))),
        (true, true) => each_fixed(call, 3, |_| f(A::at(left, 0), B::at(right, 0))),
    }
}

macro_rules! apply {
    ($($name:ident($($arg:ident: $type:ident),*);)*) => {
        $(/// Calls `f`: where the arguments' types are known before the closure's, it needs none of its own.
        #[doc(hidden)]
        #[inline(always)]
        pub fn $name<R, $($type),*>(f: impl FnOnce($($type),*) -> R $(, $arg: $type)*) -> R {
            f($($arg),*)
        })*
    };
}

apply! {
    apply_0();
    apply_1(a: A);
    apply_2(a: A, b: B);
    apply_3(a: A, b: B, c: C);
    apply_4(a: A, b: B, c: C, d: D);
    apply_5(a: A, b: B, c: C, d: D, e: E);
    apply_6(a: A, b: B, c: C, d: D, e: E, f: F);
    apply_7(a: A, b: B, c: C, d: D, e: E, f: F, g: G);
    apply_8(a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H);
    apply_9(a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H, i: I);
}

/// A module's visible table of built-in functions: see the module [`call`](crate::call).
#[macro_export]
macro_rules! builtins {
    ($(#[$doc:meta])* $vis:vis static $table:ident =
     $($oid:literal $name:ident $mode:ident($($arg:ty),* $(,)?) $f:expr;)*) => {
        $(#[$doc])*
        $vis static $table: &[$crate::call::Builtin] = &[$(
            $crate::call::Builtin {
                oid: ::ids::Oid($oid),
                name: stringify!($name),
                kernel: $crate::kernel!($mode [$($arg),*] $f),
            },
        )*];
    };
}

/// The vector loop of a scalar function: `kernel!(each [i32, i32] f)`.
#[macro_export]
macro_rules! kernel {
    (raw [] $f:expr) => { $f };
    (fast [$a:ty] $f:expr) => {
        |call: &mut $crate::call::Call<'_>| $crate::call::fast_unary::<$a, _>(call, $f)
    };
    (fast [$a:ty, $b:ty] $f:expr) => {
        |call: &mut $crate::call::Call<'_>| $crate::call::fast_binary::<$a, $b, _>(call, $f)
    };
    (each [$($arg:ty),*] $f:expr) => {
        $crate::kernel!(@bind each $f; [$($arg,)*] [a b c d e f g h i j k l] [])
    };
    (arena [$($arg:ty),*] $f:expr) => {
        $crate::kernel!(@bind arena $f; [$($arg,)*] [a b c d e f g h i j k l] [])
    };
    (@apply $f:expr;) => { $crate::call::apply_0($f) };
    (@apply $f:expr; $xa:expr,) => { $crate::call::apply_1($f, $xa) };
    (@apply $f:expr; $xa:expr, $xb:expr,) => { $crate::call::apply_2($f, $xa, $xb) };
    (@apply $f:expr; $xa:expr, $xb:expr, $xc:expr,) => { $crate::call::apply_3($f, $xa, $xb, $xc) };
    (@apply $f:expr; $xa:expr, $xb:expr, $xc:expr, $xd:expr,) => { $crate::call::apply_4($f, $xa, $xb, $xc, $xd) };
    (@apply $f:expr; $xa:expr, $xb:expr, $xc:expr, $xd:expr, $xe:expr,) => { $crate::call::apply_5($f, $xa, $xb, $xc, $xd, $xe) };
    (@apply $f:expr; $xa:expr, $xb:expr, $xc:expr, $xd:expr, $xe:expr, $xf:expr,) => { $crate::call::apply_6($f, $xa, $xb, $xc, $xd, $xe, $xf) };
    (@apply $f:expr; $xa:expr, $xb:expr, $xc:expr, $xd:expr, $xe:expr, $xf:expr, $xg:expr,) => { $crate::call::apply_7($f, $xa, $xb, $xc, $xd, $xe, $xf, $xg) };
    (@apply $f:expr; $xa:expr, $xb:expr, $xc:expr, $xd:expr, $xe:expr, $xf:expr, $xg:expr, $xh:expr,) => { $crate::call::apply_8($f, $xa, $xb, $xc, $xd, $xe, $xf, $xg, $xh) };
    (@apply $f:expr; $xa:expr, $xb:expr, $xc:expr, $xd:expr, $xe:expr, $xf:expr, $xg:expr, $xh:expr, $xi:expr,) => { $crate::call::apply_9($f, $xa, $xb, $xc, $xd, $xe, $xf, $xg, $xh, $xi) };
    (@bind $mode:ident $f:expr; [$arg:ty, $($rest:ty,)*] [$name:ident $($names:ident)*] [$($done:tt)*]) => {
        $crate::kernel!(@bind $mode $f; [$($rest,)*] [$($names)*] [$($done)* ($name $arg)])
    };
    (@bind each $f:expr; [] [$($names:ident)*] [$(($name:ident $arg:ty))*]) => {
        |call: &mut $crate::call::Call<'_>| {
            #[allow(unused_mut)] // a function without arguments binds none
            let (mut next, mut strict) = (0usize, 0u32);
            let _ = &mut next;
            $(let $name = <$arg as $crate::call::Arg>::bind(call.args, &call.context, &mut next, &mut strict);)*
            $crate::call::each(call, strict, |_row| $crate::kernel!(@apply $f; $(<$arg as $crate::call::Arg>::get($name, _row),)*))
        }
    };
    (@bind arena $f:expr; [] [$($names:ident)*] [$(($name:ident $arg:ty))*]) => {
        |call: &mut $crate::call::Call<'_>| {
            #[allow(unused_mut)] // a function without arguments binds none
            let (mut next, mut strict) = (0usize, 0u32);
            let _ = &mut next;
            $(let $name = <$arg as $crate::call::Arg>::bind(call.args, &call.context, &mut next, &mut strict);)*
            $crate::call::each_arena(call, strict, |_row, _out| $crate::kernel!(@apply $f; $(<$arg as $crate::call::Arg>::get($name, _row),)* _out,))
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DefaultEnvironment;
    use batch::Repr;

    fn minus(a: i32, b: i32) -> Result<i32> {
        a.checked_sub(b).ok_or_else(|| Error::new(error::SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "integer out of range"))
    }

    fn or_zero(a: Option<i32>) -> Option<i32> {
        Some(a.unwrap_or(0)).filter(|&a| a != 7)
    }

    fn twice(_: Context<'_>, a: &[u8], out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(a);
        out.extend_from_slice(a);
        Ok(())
    }

    builtins! {
        static TABLE =
        1 minus fast(i32, i32) minus;
        2 less fast(i32, i32) |a: i32, b: i32| a < b;
        3 or_zero each(Option<i32>) or_zero;
        4 twice arena(Context, &[u8]) twice;
        5 seven each() || 7i32;
    }

    fn column(repr: Repr, values: &[DatumRef<'_>]) -> Column {
        let mut column = Column::new(repr);
        values.iter().for_each(|&v| column.push(v));
        column
    }

    fn evaluate(n: usize, args: &[&Column], rows: Rows<'_>, len: usize, repr: Repr) -> Result<Vec<batch::Datum>> {
        let mut out = Column::new(repr);
        TABLE[n].evaluate(args, rows, len, Context::plain(&DefaultEnvironment::default()), &mut out)?;
        Ok(rows.iter().map(|row| out.datum(row)).collect())
    }

    #[test]
    fn a_strict_function_does_not_see_what_stands_under_a_null() {
        use batch::Datum::*;
        let mut a = column(Repr::B4, &[DatumRef::B4(5), DatumRef::B4(i32::MIN), DatumRef::B4(9)]);
        let one = Column::constant(Repr::B4, DatumRef::B4(1));
        let e = evaluate(0, &[&a, &one], Rows::All(3), 3, Repr::B4).unwrap_err();
        assert_eq!(e.message(), "integer out of range");
        assert_eq!(evaluate(0, &[&a, &one], Rows::Some(&[0, 2]), 3, Repr::B4).unwrap(), [B4(4), B4(8)]);
        a.set_null(1);
        assert_eq!(evaluate(0, &[&a, &one], Rows::All(3), 3, Repr::B4).unwrap(), [B4(4), Null, B4(8)]);
        assert_eq!(evaluate(1, &[&one, &a], Rows::All(3), 3, Repr::B1).unwrap(), [B1(1), Null, B1(1)]);
        assert_eq!(evaluate(1, &[&one, &one], Rows::All(2), 2, Repr::B1).unwrap(), [B1(0), B1(0)]);
    }

    #[test]
    fn options_see_nulls_and_give_them() {
        use batch::Datum::*;
        let a = column(Repr::B4, &[DatumRef::Null, DatumRef::B4(7), DatumRef::B4(1)]);
        assert_eq!(evaluate(2, &[&a], Rows::All(3), 3, Repr::B4).unwrap(), [B4(0), Null, B4(1)]);
        let text = column(Repr::Bytes, &[DatumRef::Bytes(b"ab"), DatumRef::Null]);
        let doubled = evaluate(3, &[&text], Rows::All(2), 2, Repr::Bytes).unwrap();
        assert_eq!(doubled, [batch::Datum::text("abab"), Null]);
        assert_eq!(evaluate(4, &[], Rows::All(2), 2, Repr::B4).unwrap(), [B4(7), B4(7)]);
    }
}
