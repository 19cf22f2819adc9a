//! SQL functions about large objects: `lo_open`, `loread` and their like.

use commands::large_object::values::LargeObjectSession;
use error::Result;
use ids::Oid;
use types::Context;

use crate::functions::{handle, server};

/// A session's handles as large objects take them.
fn session<'a>(context: &Context<'a>) -> Result<LargeObjectSession<'a>> {
    let (handle, server) = (handle(context)?, server(context)?);
    let on = |setting: &str| context.env.setting(setting).as_deref() == Some("on");
    Ok(LargeObjectSession {
        catalog: &handle.catalog,
        transaction: &server.transaction,
        objects: &server.large_objects,
        read_only: on("transaction_read_only"),
        unchecked: on("lo_compat_privileges"),
        directory: server.engine.data_directory().to_path_buf(),
    })
}

fn name(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

types::builtins! {
    /// Large objects.
    pub static LARGE_OBJECTS =
    715 be_lo_create each(Context, Oid) |cx: Context<'_>, object: Oid| session(&cx)?.create(object, "lo_create");
    957 be_lo_creat each(Context, i32) |cx: Context<'_>, _mode: i32| session(&cx)?.create(Oid::INVALID, "lo_creat");
    952 be_lo_open each(Context, Oid, i32) |cx: Context<'_>, object: Oid, mode: i32| session(&cx)?.open(object, mode);
    953 be_lo_close each(Context, i32) |cx: Context<'_>, descriptor: i32| session(&cx)?.close(descriptor);
    954 be_loread each(Context, i32, i32) |cx: Context<'_>, descriptor: i32, len: i32| session(&cx)?.read(descriptor, len);
    955 be_lowrite each(Context, i32, &[u8]) |cx: Context<'_>, descriptor: i32, data: &[u8]| {
        session(&cx)?.write(descriptor, data)
    };
    956 be_lo_lseek each(Context, i32, i32, i32) |cx: Context<'_>, descriptor: i32, offset: i32, whence: i32| {
        session(&cx)?.seek_short(descriptor, offset, whence)
    };
    3170 be_lo_lseek64 each(Context, i32, i64, i32) |cx: Context<'_>, descriptor: i32, offset: i64, whence: i32| {
        session(&cx)?.seek(descriptor, offset, whence)
    };
    958 be_lo_tell each(Context, i32) |cx: Context<'_>, descriptor: i32| session(&cx)?.tell_short(descriptor);
    3171 be_lo_tell64 each(Context, i32) |cx: Context<'_>, descriptor: i32| session(&cx)?.tell(descriptor);
    1004 be_lo_truncate each(Context, i32, i32) |cx: Context<'_>, descriptor: i32, len: i32| {
        session(&cx)?.truncate(descriptor, i64::from(len), "lo_truncate")
    };
    3172 be_lo_truncate64 each(Context, i32, i64) |cx: Context<'_>, descriptor: i32, len: i64| {
        session(&cx)?.truncate(descriptor, len, "lo_truncate64")
    };
    964 be_lo_unlink each(Context, Oid) |cx: Context<'_>, object: Oid| session(&cx)?.unlink(object);
    3457 be_lo_from_bytea each(Context, Oid, &[u8]) |cx: Context<'_>, object: Oid, data: &[u8]| {
        session(&cx)?.from_bytes(object, data)
    };
    3458 be_lo_get each(Context, Oid) |cx: Context<'_>, object: Oid| session(&cx)?.get(object, 0, None);
    3459 be_lo_get_fragment each(Context, Oid, i64, i32) |cx: Context<'_>, object: Oid, offset: i64, len: i32| {
        session(&cx)?.get(object, offset, Some(len))
    };
    3460 be_lo_put each(Context, Oid, i64, &[u8]) |cx: Context<'_>, object: Oid, offset: i64, data: &[u8]| -> Result<i32> {
        session(&cx)?.put(object, offset, data)?;
        // Of type void: nobody reads it.
        Ok(0)
    };
    764 be_lo_import each(Context, &[u8]) |cx: Context<'_>, file: &[u8]| session(&cx)?.import(&name(file), Oid::INVALID);
    767 be_lo_import_with_oid each(Context, &[u8], Oid) |cx: Context<'_>, file: &[u8], object: Oid| {
        session(&cx)?.import(&name(file), object)
    };
    765 be_lo_export each(Context, Oid, &[u8]) |cx: Context<'_>, object: Oid, file: &[u8]| {
        session(&cx)?.export(object, &name(file))
    };
}
