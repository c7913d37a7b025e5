//! The parts of SQLite's C API that Diesel does not offer: copying pages, stopping a statement, locking a damaged file.

#![expect(unsafe_code, reason = "the C API")]

use std::{
    any::Any,
    ffi::{CStr, CString, c_int, c_void},
    fmt,
    marker::PhantomData,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    ptr::{self, NonNull},
    thread,
    time::Duration,
};

use libsqlite3_sys as ffi;

use crate::{Error, ErrorKind, error::classify};

/// An error that SQLite returned.
#[derive(Debug)]
pub(crate) struct SqliteError {
    code: c_int,
    message: String,
}

impl SqliteError {
    fn of(code: c_int, detail: Option<&CStr>) -> Self {
        // SAFETY: the function takes any number. It returns a text that ends with a zero and lives as long as the program.
        let what = unsafe { CStr::from_ptr(ffi::sqlite3_errstr(code)) }.to_string_lossy();
        let detail = detail.map(CStr::to_string_lossy).filter(|detail| *detail != what);
        let message = detail.map_or_else(|| what.to_string(), |detail| format!("{what}: {detail}"));
        Self { code: code & 0xff, message }
    }

    /// Returns whether the file is damaged.
    pub(crate) fn is_damage(&self) -> bool {
        [ffi::SQLITE_CORRUPT, ffi::SQLITE_NOTADB].contains(&self.code)
    }

    /// Returns whether SQLite could not run the statement, for example because a table is missing.
    pub(crate) fn is_about_sql(&self) -> bool {
        self.code == ffi::SQLITE_ERROR
    }

    /// Returns whether another connection holds a lock.
    pub(crate) fn is_busy(&self) -> bool {
        self.code == ffi::SQLITE_BUSY
    }

    /// Returns whether a callback stopped the statement.
    pub(crate) fn is_interrupt(&self) -> bool {
        self.code == ffi::SQLITE_INTERRUPT
    }

    /// Returns whether a single row may have caused it. Any other error would happen to every row.
    pub(crate) fn is_caused_by_row(&self) -> bool {
        [ffi::SQLITE_CONSTRAINT, ffi::SQLITE_ERROR, ffi::SQLITE_MISMATCH, ffi::SQLITE_TOOBIG].contains(&self.code)
    }

    pub(crate) fn into_error(self, context: impl Into<String>) -> Error {
        if self.code == ffi::SQLITE_INTERRUPT {
            Error::with_source(ErrorKind::Stopped, context, self)
        } else {
            classify(context, self)
        }
    }
}

impl fmt::Display for SqliteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SqliteError {}

/// A connection without Diesel. Dropping it closes it and rolls its transaction back.
#[derive(Debug)]
pub(crate) struct Connection {
    handle: NonNull<ffi::sqlite3>,
}

impl Connection {
    /// Opens an existing file by its URI.
    pub(crate) fn open(uri: &str) -> Result<Self, SqliteError> {
        let uri = CString::new(uri).map_err(|_| SqliteError::of(ffi::SQLITE_CANTOPEN, None))?;
        let flags = ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_URI;
        let mut handle = ptr::null_mut();
        // SAFETY: the text ends with a zero and `handle` can be written to; both outlive the call.
        let code = unsafe { ffi::sqlite3_open_v2(uri.as_ptr(), &raw mut handle, flags, ptr::null()) };
        // A connection that could not be opened has to be closed too. It is null only if there was no memory for it.
        let conn = Self { handle: NonNull::new(handle).ok_or_else(|| SqliteError::of(ffi::SQLITE_NOMEM, None))? };
        conn.expect(code, ffi::SQLITE_OK)?;
        Ok(conn)
    }

    fn expect(&self, code: c_int, expected: c_int) -> Result<(), SqliteError> {
        if code == expected {
            return Ok(());
        }
        // SAFETY: the connection is open; the text is copied before the next call on it.
        Err(SqliteError::of(code, Some(unsafe { CStr::from_ptr(ffi::sqlite3_errmsg(self.handle.as_ptr())) })))
    }

    /// Makes the connection wait for locks for about this time, with frequent attempts. SQLite's own handler tries ten times a
    /// second, but a busy connection releases its lock for a much shorter time.
    pub(crate) fn wait_closely(&self, wait: Duration) {
        let times = usize::try_from(wait.as_micros() / LOOK_AFTER.as_micros()).unwrap_or(usize::MAX);
        // SAFETY: the connection is open, and the callback may run at any time. The pointer is a number and never followed.
        unsafe {
            ffi::sqlite3_busy_handler(self.handle.as_ptr(), Some(on_busy), ptr::without_provenance_mut(times));
        }
    }

    /// Runs statements and ignores their rows.
    pub(crate) fn execute(&self, sql: &str) -> Result<(), SqliteError> {
        let sql = CString::new(sql).map_err(|_| SqliteError::of(ffi::SQLITE_MISUSE, None))?;
        // SAFETY: the connection is open. The text ends with a zero and outlives the call. There is no callback.
        let code =
            unsafe { ffi::sqlite3_exec(self.handle.as_ptr(), sql.as_ptr(), None, ptr::null_mut(), ptr::null_mut()) };
        self.expect(code, ffi::SQLITE_OK)
    }

    pub(crate) fn prepare(&self, sql: &str) -> Result<Statement<'_>, SqliteError> {
        let sql = CString::new(sql).map_err(|_| SqliteError::of(ffi::SQLITE_MISUSE, None))?;
        let mut handle = ptr::null_mut();
        // SAFETY: the connection is open, the text ends with a zero, `handle` can be written to; all outlive the call.
        let code = unsafe {
            ffi::sqlite3_prepare_v2(self.handle.as_ptr(), sql.as_ptr(), -1, &raw mut handle, ptr::null_mut())
        };
        self.expect(code, ffi::SQLITE_OK)?;
        // It is null for a text without a statement.
        let handle = NonNull::new(handle).ok_or_else(|| SqliteError::of(ffi::SQLITE_MISUSE, None))?;
        Ok(Statement { conn: self, handle })
    }

    /// Returns the first column of each row of a query, without NULLs.
    pub(crate) fn texts(&self, sql: &str) -> Result<Vec<String>, SqliteError> {
        let mut statement = self.prepare(sql)?;
        let mut texts = Vec::new();
        while statement.step()? {
            texts.extend(statement.text());
        }
        Ok(texts)
    }

    /// Returns the only value of a query as a number.
    pub(crate) fn number(&self, sql: &str) -> Result<u64, SqliteError> {
        let texts = self.texts(sql)?;
        texts.first().and_then(|text| text.parse().ok()).ok_or_else(|| SqliteError::of(ffi::SQLITE_MISMATCH, None))
    }

    /// Returns whether the connection has begun to read or write the main database in a transaction.
    pub(crate) fn is_in_transaction(&self) -> bool {
        // SAFETY: the connection is open, and the name ends with a zero. The call changes nothing, so a progress handler may make it.
        unsafe { ffi::sqlite3_txn_state(self.handle.as_ptr(), c"main".as_ptr()) != ffi::SQLITE_TXN_NONE }
    }

    /// Runs `work`, and calls `go_on` about every thousand steps of SQLite's virtual machine. After a `Break` the statement fails
    /// as interrupted. `go_on` must not use the connection, except for [`is_in_transaction`](Self::is_in_transaction).
    pub(crate) fn interruptible<T>(
        &self,
        go_on: &mut dyn FnMut() -> ControlFlow<()>,
        work: impl FnOnce(&Self) -> T,
    ) -> T {
        const STEPS: c_int = 1000;
        let mut handler = Handler { go_on, panic: None };
        // SAFETY: the connection is open. SQLite calls back only within `work`, while `handler` lives and nothing else
        // uses it. The guard removes the handler afterwards, even if `work` panics.
        let result = unsafe {
            let state: *mut Handler<'_> = &raw mut handler;
            ffi::sqlite3_progress_handler(self.handle.as_ptr(), STEPS, Some(on_progress), state.cast());
            let _guard = Unwatch(self);
            work(self)
        };
        if let Some(panic) = handler.panic {
            resume_unwind(panic);
        }
        result
    }

    /// Takes SQLite's lock of the whole file without reading it, for a file that is too damaged for SQL. The lock is held until
    /// the connection is dropped. The connection must not be used for SQL.
    pub(crate) fn lock_file(&self) -> Result<(), SqliteError> {
        let mut file: *mut ffi::sqlite3_file = ptr::null_mut();
        // SAFETY: the connection is open, and the name ends with a zero. The operation writes the file's pointer to the
        // given place. The pointer is valid as long as the connection.
        let code = unsafe {
            let place: *mut *mut ffi::sqlite3_file = &raw mut file;
            let operation = ffi::SQLITE_FCNTL_FILE_POINTER;
            ffi::sqlite3_file_control(self.handle.as_ptr(), c"main".as_ptr(), operation, place.cast())
        };
        self.expect(code, ffi::SQLITE_OK)?;
        // SAFETY: the file is open as long as the connection is, and its methods live as long as the program.
        let lock = unsafe { file.as_ref().and_then(|file| file.pMethods.as_ref()).and_then(|methods| methods.xLock) };
        let lock = lock.ok_or_else(|| SqliteError::of(ffi::SQLITE_CANTOPEN, None))?;
        for level in [ffi::SQLITE_LOCK_SHARED, ffi::SQLITE_LOCK_EXCLUSIVE] {
            // SAFETY: the method belongs to the file, and no statement uses the file at the same time. Closing the file unlocks it.
            let code = unsafe { lock(file, level) };
            if code != ffi::SQLITE_OK {
                return Err(SqliteError::of(code, None));
            }
        }
        Ok(())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: the connection is open, and nothing borrows it any more: its statements are finalised.
        unsafe { ffi::sqlite3_close(self.handle.as_ptr()) };
    }
}

/// A prepared statement with its current row.
#[derive(Debug)]
pub(crate) struct Statement<'a> {
    conn: &'a Connection,
    handle: NonNull<ffi::sqlite3_stmt>,
}

impl Statement<'_> {
    /// Goes to the next row. Returns whether there is one.
    pub(crate) fn step(&mut self) -> Result<bool, SqliteError> {
        // SAFETY: the statement is not finalised before it is dropped.
        match unsafe { ffi::sqlite3_step(self.handle.as_ptr()) } {
            ffi::SQLITE_ROW => Ok(true),
            code => self.conn.expect(code, ffi::SQLITE_DONE).map(|()| false),
        }
    }

    /// Resets it to the beginning and keeps the bound parameters.
    pub(crate) fn reset(&mut self) {
        // SAFETY: as for `step`. The result repeats the error of the last step.
        unsafe { ffi::sqlite3_reset(self.handle.as_ptr()) };
    }

    /// Returns the first column of the row as a text; `None` if it is NULL.
    pub(crate) fn text(&self) -> Option<String> {
        // SAFETY: the statement is not finalised. Without a row it returns null. The text ends with a zero and is copied before
        // the next step.
        unsafe {
            let text = ffi::sqlite3_column_text(self.handle.as_ptr(), 0);
            (!text.is_null()).then(|| CStr::from_ptr(text.cast()).to_string_lossy().into_owned())
        }
    }

    /// Returns the first column of the row as a number.
    pub(crate) fn number(&self) -> i64 {
        // SAFETY: the statement is not finalised. Without a row it returns 0.
        unsafe { ffi::sqlite3_column_int64(self.handle.as_ptr(), 0) }
    }

    /// Sets the first parameter.
    pub(crate) fn bind_number(&mut self, number: i64) -> Result<(), SqliteError> {
        // SAFETY: the statement is not finalised.
        let code = unsafe { ffi::sqlite3_bind_int64(self.handle.as_ptr(), 1, number) };
        self.conn.expect(code, ffi::SQLITE_OK)
    }

    /// Sets the parameters, in order, to the columns of another statement's row from the second one on.
    pub(crate) fn bind_row(&mut self, row: &Statement<'_>) -> Result<(), SqliteError> {
        // SAFETY: the statement is not finalised.
        let columns = unsafe { ffi::sqlite3_column_count(row.handle.as_ptr()) };
        for column in 1..columns {
            // SAFETY: neither statement is finalised, and the column is one of the row's. Binding copies the value, which may
            // not be used for anything else.
            let code = unsafe {
                let value = ffi::sqlite3_column_value(row.handle.as_ptr(), column);
                ffi::sqlite3_bind_value(self.handle.as_ptr(), column, value)
            };
            self.conn.expect(code, ffi::SQLITE_OK)?;
        }
        Ok(())
    }
}

impl Drop for Statement<'_> {
    fn drop(&mut self) {
        // SAFETY: the statement is finalised once, while its connection is open. The result repeats the error of the last step.
        unsafe { ffi::sqlite3_finalize(self.handle.as_ptr()) };
    }
}

const LOOK_AFTER: Duration = Duration::from_micros(50);

/// Returns whether to look for a lock again after this many attempts.
extern "C" fn on_busy(limit: *mut c_void, times: c_int) -> c_int {
    if usize::try_from(times).is_ok_and(|times| times < limit.addr()) {
        thread::sleep(LOOK_AFTER);
        1
    } else {
        0
    }
}

struct Handler<'a> {
    go_on: &'a mut dyn FnMut() -> ControlFlow<()>,
    panic: Option<Box<dyn Any + Send>>,
}

extern "C" fn on_progress(state: *mut c_void) -> c_int {
    // SAFETY: `interruptible` gave this handler to SQLite. It lives until it is removed again.
    let handler = unsafe { &mut *state.cast::<Handler<'_>>() };
    // A panic must not unwind through C.
    match catch_unwind(AssertUnwindSafe(&mut *handler.go_on)) {
        Ok(ControlFlow::Continue(())) => 0,
        Ok(ControlFlow::Break(())) => 1,
        Err(panic) => {
            handler.panic = Some(panic);
            1
        }
    }
}

struct Unwatch<'a>(&'a Connection);

impl Drop for Unwatch<'_> {
    fn drop(&mut self) {
        // SAFETY: the connection is open. Without a handler the state is not used.
        unsafe { ffi::sqlite3_progress_handler(self.0.handle.as_ptr(), 0, None, ptr::null_mut()) };
    }
}

/// Copies a whole database over another one, page by page. If it is dropped before the end, the other one stays as it was.
#[derive(Debug)]
pub(crate) struct Copying<'a> {
    handle: NonNull<ffi::sqlite3_backup>,
    connections: PhantomData<&'a Connection>,
}

impl<'a> Copying<'a> {
    pub(crate) fn begin(from: &'a Connection, to: &'a Connection) -> Result<Self, SqliteError> {
        let main = c"main".as_ptr();
        // SAFETY: both connections are open and outlive the copy by the lifetime. SQLite refuses to copy a connection to itself.
        let handle = unsafe { ffi::sqlite3_backup_init(to.handle.as_ptr(), main, from.handle.as_ptr(), main) };
        match NonNull::new(handle) {
            Some(handle) => Ok(Self { handle, connections: PhantomData }),
            // SAFETY: the connection is open. It holds the reason.
            None => Err(SqliteError::of(unsafe { ffi::sqlite3_extended_errcode(to.handle.as_ptr()) }, None)),
        }
    }

    /// Copies this many pages. Returns whether they were the last.
    pub(crate) fn step(&mut self, pages: u32) -> Result<bool, SqliteError> {
        let pages = c_int::try_from(pages).unwrap_or(c_int::MAX);
        // SAFETY: the copy is not finished before it is dropped.
        match unsafe { ffi::sqlite3_backup_step(self.handle.as_ptr(), pages) } {
            ffi::SQLITE_DONE => Ok(true),
            ffi::SQLITE_OK => Ok(false),
            code => Err(SqliteError::of(code, None)),
        }
    }

    /// Returns how many pages were copied.
    pub(crate) fn pages(&self) -> u64 {
        // SAFETY: the copy is not finished before it is dropped.
        let (left, total) = unsafe {
            let handle = self.handle.as_ptr();
            (ffi::sqlite3_backup_remaining(handle), ffi::sqlite3_backup_pagecount(handle))
        };
        u64::try_from(total.saturating_sub(left)).unwrap_or(0)
    }
}

impl Drop for Copying<'_> {
    fn drop(&mut self) {
        // SAFETY: the copy is finished once, while both connections are open. The result repeats the error of the last step.
        unsafe { ffi::sqlite3_backup_finish(self.handle.as_ptr()) };
    }
}
