//! What a process can wait for, as `pg_stat_activity` and `pg_wait_events` tell it: PostgreSQL 18's list, one table.

use std::fmt;

/// What a process waits for. Zero: nothing.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct WaitEvent(pub u32);

/// A row of `pg_wait_events`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Description {
    /// The event.
    pub event: WaitEvent,
    /// What it belongs to: `IO`, `Lock`, `Client` …
    pub kind: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What the process does meanwhile.
    pub text: &'static str,
}

#[derive(Clone, Copy)]
#[expect(clippy::upper_case_acronyms, reason = "the names users see")]
enum Class {
    LWLock = 1,
    Lock = 3,
    BufferPin = 4,
    Activity = 5,
    Client = 6,
    Extension = 7,
    IPC = 8,
    Timeout = 9,
    IO = 10,
}

macro_rules! wait_events {
    ($($constant:ident = $class:ident, $number:literal, $name:literal, $text:literal;)*) => {
        impl WaitEvent {
            $(#[doc = $text]
            pub const $constant: WaitEvent = WaitEvent((Class::$class as u32) << 24 | $number);)*

            /// Every event, by class and name.
            pub const ALL: &'static [Description] = &[$(Description {
                event: WaitEvent::$constant,
                kind: stringify!($class),
                name: $name,
                text: $text,
            },)*];
        }
    };
}

impl WaitEvent {
    /// Class and name of the event; `None` while nothing is waited for.
    pub fn describe(self) -> Option<&'static Description> {
        WaitEvent::ALL.iter().find(|d| d.event == self)
    }
}

impl fmt::Debug for WaitEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.describe() {
            Some(d) => write!(f, "{}:{}", d.kind, d.name),
            None => write!(f, "{:#x}", self.0),
        }
    }
}

wait_events! {
    ACTIVITY_ARCHIVER_MAIN = Activity, 0, "ArchiverMain", "Waiting in main loop of archiver process";
    ACTIVITY_AUTOVACUUM_MAIN = Activity, 1, "AutovacuumMain", "Waiting in main loop of autovacuum launcher process";
    ACTIVITY_BGWRITER_HIBERNATE = Activity, 2, "BgwriterHibernate", "Waiting in background writer process, hibernating";
    ACTIVITY_BGWRITER_MAIN = Activity, 3, "BgwriterMain", "Waiting in main loop of background writer process";
    ACTIVITY_CHECKPOINTER_MAIN = Activity, 4, "CheckpointerMain", "Waiting in main loop of checkpointer process";
    ACTIVITY_CHECKPOINTER_SHUTDOWN = Activity, 5, "CheckpointerShutdown", "Waiting for checkpointer process to be terminated";
    ACTIVITY_IO_WORKER_MAIN = Activity, 6, "IoWorkerMain", "Waiting in main loop of IO Worker process";
    ACTIVITY_LOGICAL_APPLY_MAIN = Activity, 7, "LogicalApplyMain", "Waiting in main loop of logical replication apply process";
    ACTIVITY_LOGICAL_LAUNCHER_MAIN = Activity, 8, "LogicalLauncherMain", "Waiting in main loop of logical replication launcher process";
    ACTIVITY_LOGICAL_PARALLEL_APPLY_MAIN = Activity, 9, "LogicalParallelApplyMain", "Waiting in main loop of logical replication parallel apply process";
    ACTIVITY_RECOVERY_WAL_STREAM = Activity, 10, "RecoveryWalStream", "Waiting in main loop of startup process for WAL to arrive, during streaming recovery";
    ACTIVITY_REPLICATION_SLOTSYNC_MAIN = Activity, 11, "ReplicationSlotsyncMain", "Waiting in main loop of slot sync worker";
    ACTIVITY_REPLICATION_SLOTSYNC_SHUTDOWN = Activity, 12, "ReplicationSlotsyncShutdown", "Waiting for slot sync worker to shut down";
    ACTIVITY_SYSLOGGER_MAIN = Activity, 13, "SysloggerMain", "Waiting in main loop of syslogger process";
    ACTIVITY_WAL_RECEIVER_MAIN = Activity, 14, "WalReceiverMain", "Waiting in main loop of WAL receiver process";
    ACTIVITY_WAL_SENDER_MAIN = Activity, 15, "WalSenderMain", "Waiting in main loop of WAL sender process";
    ACTIVITY_WAL_SUMMARIZER_WAL = Activity, 16, "WalSummarizerWal", "Waiting in WAL summarizer for more WAL to be generated";
    ACTIVITY_WAL_WRITER_MAIN = Activity, 17, "WalWriterMain", "Waiting in main loop of WAL writer process";
    BUFFER_PIN_BUFFER_PIN = BufferPin, 0, "BufferPin", "Waiting to acquire an exclusive pin on a buffer";
    CLIENT_CLIENT_READ = Client, 0, "ClientRead", "Waiting to read data from the client";
    CLIENT_CLIENT_WRITE = Client, 1, "ClientWrite", "Waiting to write data to the client";
    CLIENT_GSS_OPEN_SERVER = Client, 2, "GssOpenServer", "Waiting to read data from the client while establishing a GSSAPI session";
    CLIENT_LIBPQWALRECEIVER_CONNECT = Client, 3, "LibpqwalreceiverConnect", "Waiting in WAL receiver to establish connection to remote server";
    CLIENT_LIBPQWALRECEIVER_RECEIVE = Client, 4, "LibpqwalreceiverReceive", "Waiting in WAL receiver to receive data from remote server";
    CLIENT_SSL_OPEN_SERVER = Client, 5, "SslOpenServer", "Waiting for SSL while attempting connection";
    CLIENT_WAIT_FOR_STANDBY_CONFIRMATION = Client, 6, "WaitForStandbyConfirmation", "Waiting for WAL to be received and flushed by the physical standby";
    CLIENT_WAL_SENDER_WAIT_FOR_WAL = Client, 7, "WalSenderWaitForWal", "Waiting for WAL to be flushed in WAL sender process";
    CLIENT_WAL_SENDER_WRITE_DATA = Client, 8, "WalSenderWriteData", "Waiting for any activity when processing replies from WAL receiver in WAL sender process";
    EXTENSION_EXTENSION = Extension, 0, "Extension", "Waiting in an extension";
    IO_AIO_IO_COMPLETION = IO, 0, "AioIoCompletion", "Waiting for another process to complete IO";
    IO_AIO_IO_URING_EXECUTION = IO, 1, "AioIoUringExecution", "Waiting for IO execution via io_uring";
    IO_AIO_IO_URING_SUBMIT = IO, 2, "AioIoUringSubmit", "Waiting for IO submission via io_uring";
    IO_BASEBACKUP_READ = IO, 3, "BasebackupRead", "Waiting for base backup to read from a file";
    IO_BASEBACKUP_SYNC = IO, 4, "BasebackupSync", "Waiting for data written by a base backup to reach durable storage";
    IO_BASEBACKUP_WRITE = IO, 5, "BasebackupWrite", "Waiting for base backup to write to a file";
    IO_BUFFILE_READ = IO, 6, "BuffileRead", "Waiting for a read from a buffered file";
    IO_BUFFILE_TRUNCATE = IO, 7, "BuffileTruncate", "Waiting for a buffered file to be truncated";
    IO_BUFFILE_WRITE = IO, 8, "BuffileWrite", "Waiting for a write to a buffered file";
    IO_CONTROL_FILE_READ = IO, 9, "ControlFileRead", "Waiting for a read from the pg_control file";
    IO_CONTROL_FILE_SYNC = IO, 10, "ControlFileSync", "Waiting for the pg_control file to reach durable storage";
    IO_CONTROL_FILE_SYNC_UPDATE = IO, 11, "ControlFileSyncUpdate", "Waiting for an update to the pg_control file to reach durable storage";
    IO_CONTROL_FILE_WRITE = IO, 12, "ControlFileWrite", "Waiting for a write to the pg_control file";
    IO_CONTROL_FILE_WRITE_UPDATE = IO, 13, "ControlFileWriteUpdate", "Waiting for a write to update the pg_control file";
    IO_COPY_FILE_COPY = IO, 14, "CopyFileCopy", "Waiting for a file copy operation";
    IO_COPY_FILE_READ = IO, 15, "CopyFileRead", "Waiting for a read during a file copy operation";
    IO_COPY_FILE_WRITE = IO, 16, "CopyFileWrite", "Waiting for a write during a file copy operation";
    IO_DATA_FILE_EXTEND = IO, 17, "DataFileExtend", "Waiting for a relation data file to be extended";
    IO_DATA_FILE_FLUSH = IO, 18, "DataFileFlush", "Waiting for a relation data file to reach durable storage";
    IO_DATA_FILE_IMMEDIATE_SYNC = IO, 19, "DataFileImmediateSync", "Waiting for an immediate synchronization of a relation data file to durable storage";
    IO_DATA_FILE_PREFETCH = IO, 20, "DataFilePrefetch", "Waiting for an asynchronous prefetch from a relation data file";
    IO_DATA_FILE_READ = IO, 21, "DataFileRead", "Waiting for a read from a relation data file";
    IO_DATA_FILE_SYNC = IO, 22, "DataFileSync", "Waiting for changes to a relation data file to reach durable storage";
    IO_DATA_FILE_TRUNCATE = IO, 23, "DataFileTruncate", "Waiting for a relation data file to be truncated";
    IO_DATA_FILE_WRITE = IO, 24, "DataFileWrite", "Waiting for a write to a relation data file";
    IO_DSM_ALLOCATE = IO, 25, "DsmAllocate", "Waiting for a dynamic shared memory segment to be allocated";
    IO_DSM_FILL_ZERO_WRITE = IO, 26, "DsmFillZeroWrite", "Waiting to fill a dynamic shared memory backing file with zeroes";
    IO_LOCK_FILE_ADDTODATADIR_READ = IO, 27, "LockFileAddtodatadirRead", "Waiting for a read while adding a line to the data directory lock file";
    IO_LOCK_FILE_ADDTODATADIR_SYNC = IO, 28, "LockFileAddtodatadirSync", "Waiting for data to reach durable storage while adding a line to the data directory lock file";
    IO_LOCK_FILE_ADDTODATADIR_WRITE = IO, 29, "LockFileAddtodatadirWrite", "Waiting for a write while adding a line to the data directory lock file";
    IO_LOCK_FILE_CREATE_READ = IO, 30, "LockFileCreateRead", "Waiting to read while creating the data directory lock file";
    IO_LOCK_FILE_CREATE_SYNC = IO, 31, "LockFileCreateSync", "Waiting for data to reach durable storage while creating the data directory lock file";
    IO_LOCK_FILE_CREATE_WRITE = IO, 32, "LockFileCreateWrite", "Waiting for a write while creating the data directory lock file";
    IO_LOCK_FILE_RECHECKDATADIR_READ = IO, 33, "LockFileRecheckdatadirRead", "Waiting for a read during recheck of the data directory lock file";
    IO_LOGICAL_REWRITE_CHECKPOINT_SYNC = IO, 34, "LogicalRewriteCheckpointSync", "Waiting for logical rewrite mappings to reach durable storage during a checkpoint";
    IO_LOGICAL_REWRITE_MAPPING_SYNC = IO, 35, "LogicalRewriteMappingSync", "Waiting for mapping data to reach durable storage during a logical rewrite";
    IO_LOGICAL_REWRITE_MAPPING_WRITE = IO, 36, "LogicalRewriteMappingWrite", "Waiting for a write of mapping data during a logical rewrite";
    IO_LOGICAL_REWRITE_SYNC = IO, 37, "LogicalRewriteSync", "Waiting for logical rewrite mappings to reach durable storage";
    IO_LOGICAL_REWRITE_TRUNCATE = IO, 38, "LogicalRewriteTruncate", "Waiting for truncate of mapping data during a logical rewrite";
    IO_LOGICAL_REWRITE_WRITE = IO, 39, "LogicalRewriteWrite", "Waiting for a write of logical rewrite mappings";
    IO_RELATION_MAP_READ = IO, 40, "RelationMapRead", "Waiting for a read of the relation map file";
    IO_RELATION_MAP_REPLACE = IO, 41, "RelationMapReplace", "Waiting for durable replacement of a relation map file";
    IO_RELATION_MAP_WRITE = IO, 42, "RelationMapWrite", "Waiting for a write to the relation map file";
    IO_REORDER_BUFFER_READ = IO, 43, "ReorderBufferRead", "Waiting for a read during reorder buffer management";
    IO_REORDER_BUFFER_WRITE = IO, 44, "ReorderBufferWrite", "Waiting for a write during reorder buffer management";
    IO_REORDER_LOGICAL_MAPPING_READ = IO, 45, "ReorderLogicalMappingRead", "Waiting for a read of a logical mapping during reorder buffer management";
    IO_REPLICATION_SLOT_READ = IO, 46, "ReplicationSlotRead", "Waiting for a read from a replication slot control file";
    IO_REPLICATION_SLOT_RESTORE_SYNC = IO, 47, "ReplicationSlotRestoreSync", "Waiting for a replication slot control file to reach durable storage while restoring it to memory";
    IO_REPLICATION_SLOT_SYNC = IO, 48, "ReplicationSlotSync", "Waiting for a replication slot control file to reach durable storage";
    IO_REPLICATION_SLOT_WRITE = IO, 49, "ReplicationSlotWrite", "Waiting for a write to a replication slot control file";
    IO_SLRU_FLUSH_SYNC = IO, 50, "SlruFlushSync", "Waiting for SLRU data to reach durable storage during a checkpoint or database shutdown";
    IO_SLRU_READ = IO, 51, "SlruRead", "Waiting for a read of an SLRU page";
    IO_SLRU_SYNC = IO, 52, "SlruSync", "Waiting for SLRU data to reach durable storage following a page write";
    IO_SLRU_WRITE = IO, 53, "SlruWrite", "Waiting for a write of an SLRU page";
    IO_SNAPBUILD_READ = IO, 54, "SnapbuildRead", "Waiting for a read of a serialized historical catalog snapshot";
    IO_SNAPBUILD_SYNC = IO, 55, "SnapbuildSync", "Waiting for a serialized historical catalog snapshot to reach durable storage";
    IO_SNAPBUILD_WRITE = IO, 56, "SnapbuildWrite", "Waiting for a write of a serialized historical catalog snapshot";
    IO_TIMELINE_HISTORY_FILE_SYNC = IO, 57, "TimelineHistoryFileSync", "Waiting for a timeline history file received via streaming replication to reach durable storage";
    IO_TIMELINE_HISTORY_FILE_WRITE = IO, 58, "TimelineHistoryFileWrite", "Waiting for a write of a timeline history file received via streaming replication";
    IO_TIMELINE_HISTORY_READ = IO, 59, "TimelineHistoryRead", "Waiting for a read of a timeline history file";
    IO_TIMELINE_HISTORY_SYNC = IO, 60, "TimelineHistorySync", "Waiting for a newly created timeline history file to reach durable storage";
    IO_TIMELINE_HISTORY_WRITE = IO, 61, "TimelineHistoryWrite", "Waiting for a write of a newly created timeline history file";
    IO_TWOPHASE_FILE_READ = IO, 62, "TwophaseFileRead", "Waiting for a read of a two phase state file";
    IO_TWOPHASE_FILE_SYNC = IO, 63, "TwophaseFileSync", "Waiting for a two phase state file to reach durable storage";
    IO_TWOPHASE_FILE_WRITE = IO, 64, "TwophaseFileWrite", "Waiting for a write of a two phase state file";
    IO_VERSION_FILE_SYNC = IO, 65, "VersionFileSync", "Waiting for the version file to reach durable storage while creating a database";
    IO_VERSION_FILE_WRITE = IO, 66, "VersionFileWrite", "Waiting for the version file to be written while creating a database";
    IO_WAL_BOOTSTRAP_SYNC = IO, 67, "WalBootstrapSync", "Waiting for WAL to reach durable storage during bootstrapping";
    IO_WAL_BOOTSTRAP_WRITE = IO, 68, "WalBootstrapWrite", "Waiting for a write of a WAL page during bootstrapping";
    IO_WAL_COPY_READ = IO, 69, "WalCopyRead", "Waiting for a read when creating a new WAL segment by copying an existing one";
    IO_WAL_COPY_SYNC = IO, 70, "WalCopySync", "Waiting for a new WAL segment created by copying an existing one to reach durable storage";
    IO_WAL_COPY_WRITE = IO, 71, "WalCopyWrite", "Waiting for a write when creating a new WAL segment by copying an existing one";
    IO_WAL_INIT_SYNC = IO, 72, "WalInitSync", "Waiting for a newly initialized WAL file to reach durable storage";
    IO_WAL_INIT_WRITE = IO, 73, "WalInitWrite", "Waiting for a write while initializing a new WAL file";
    IO_WAL_READ = IO, 74, "WalRead", "Waiting for a read from a WAL file";
    IO_WAL_SUMMARY_READ = IO, 75, "WalSummaryRead", "Waiting for a read from a WAL summary file";
    IO_WAL_SUMMARY_WRITE = IO, 76, "WalSummaryWrite", "Waiting for a write to a WAL summary file";
    IO_WAL_SYNC = IO, 77, "WalSync", "Waiting for a WAL file to reach durable storage";
    IO_WAL_SYNC_METHOD_ASSIGN = IO, 78, "WalSyncMethodAssign", "Waiting for data to reach durable storage while assigning a new WAL sync method";
    IO_WAL_WRITE = IO, 79, "WalWrite", "Waiting for a write to a WAL file";
    IO_WALSENDER_TIMELINE_HISTORY_READ = IO, 80, "WalsenderTimelineHistoryRead", "Waiting for a read from a timeline history file during a walsender timeline command";
    IPC_APPEND_READY = IPC, 0, "AppendReady", "Waiting for subplan nodes of an Append plan node to be ready";
    IPC_ARCHIVE_CLEANUP_COMMAND = IPC, 1, "ArchiveCleanupCommand", "Waiting for archive_cleanup_command to complete";
    IPC_ARCHIVE_COMMAND = IPC, 2, "ArchiveCommand", "Waiting for archive_command to complete";
    IPC_BACKEND_TERMINATION = IPC, 3, "BackendTermination", "Waiting for the termination of another backend";
    IPC_BACKUP_WAIT_WAL_ARCHIVE = IPC, 4, "BackupWaitWalArchive", "Waiting for WAL files required for a backup to be successfully archived";
    IPC_BGWORKER_SHUTDOWN = IPC, 5, "BgworkerShutdown", "Waiting for background worker to shut down";
    IPC_BGWORKER_STARTUP = IPC, 6, "BgworkerStartup", "Waiting for background worker to start up";
    IPC_BTREE_PAGE = IPC, 7, "BtreePage", "Waiting for the page number needed to continue a parallel B-tree scan to become available";
    IPC_BUFFER_IO = IPC, 8, "BufferIo", "Waiting for buffer I/O to complete";
    IPC_CHECKPOINT_DELAY_COMPLETE = IPC, 9, "CheckpointDelayComplete", "Waiting for a backend that blocks a checkpoint from completing";
    IPC_CHECKPOINT_DELAY_START = IPC, 10, "CheckpointDelayStart", "Waiting for a backend that blocks a checkpoint from starting";
    IPC_CHECKPOINT_DONE = IPC, 11, "CheckpointDone", "Waiting for a checkpoint to complete";
    IPC_CHECKPOINT_START = IPC, 12, "CheckpointStart", "Waiting for a checkpoint to start";
    IPC_EXECUTE_GATHER = IPC, 13, "ExecuteGather", "Waiting for activity from a child process while executing a Gather plan node";
    IPC_HASH_BATCH_ALLOCATE = IPC, 14, "HashBatchAllocate", "Waiting for an elected Parallel Hash participant to allocate a hash table";
    IPC_HASH_BATCH_ELECT = IPC, 15, "HashBatchElect", "Waiting to elect a Parallel Hash participant to allocate a hash table";
    IPC_HASH_BATCH_LOAD = IPC, 16, "HashBatchLoad", "Waiting for other Parallel Hash participants to finish loading a hash table";
    IPC_HASH_BUILD_ALLOCATE = IPC, 17, "HashBuildAllocate", "Waiting for an elected Parallel Hash participant to allocate the initial hash table";
    IPC_HASH_BUILD_ELECT = IPC, 18, "HashBuildElect", "Waiting to elect a Parallel Hash participant to allocate the initial hash table";
    IPC_HASH_BUILD_HASH_INNER = IPC, 19, "HashBuildHashInner", "Waiting for other Parallel Hash participants to finish hashing the inner relation";
    IPC_HASH_BUILD_HASH_OUTER = IPC, 20, "HashBuildHashOuter", "Waiting for other Parallel Hash participants to finish partitioning the outer relation";
    IPC_HASH_GROW_BATCHES_DECIDE = IPC, 21, "HashGrowBatchesDecide", "Waiting to elect a Parallel Hash participant to decide on future batch growth";
    IPC_HASH_GROW_BATCHES_ELECT = IPC, 22, "HashGrowBatchesElect", "Waiting to elect a Parallel Hash participant to allocate more batches";
    IPC_HASH_GROW_BATCHES_FINISH = IPC, 23, "HashGrowBatchesFinish", "Waiting for an elected Parallel Hash participant to decide on future batch growth";
    IPC_HASH_GROW_BATCHES_REALLOCATE = IPC, 24, "HashGrowBatchesReallocate", "Waiting for an elected Parallel Hash participant to allocate more batches";
    IPC_HASH_GROW_BATCHES_REPARTITION = IPC, 25, "HashGrowBatchesRepartition", "Waiting for other Parallel Hash participants to finish repartitioning";
    IPC_HASH_GROW_BUCKETS_ELECT = IPC, 26, "HashGrowBucketsElect", "Waiting to elect a Parallel Hash participant to allocate more buckets";
    IPC_HASH_GROW_BUCKETS_REALLOCATE = IPC, 27, "HashGrowBucketsReallocate", "Waiting for an elected Parallel Hash participant to finish allocating more buckets";
    IPC_HASH_GROW_BUCKETS_REINSERT = IPC, 28, "HashGrowBucketsReinsert", "Waiting for other Parallel Hash participants to finish inserting tuples into new buckets";
    IPC_LOGICAL_APPLY_SEND_DATA = IPC, 29, "LogicalApplySendData", "Waiting for a logical replication leader apply process to send data to a parallel apply process";
    IPC_LOGICAL_PARALLEL_APPLY_STATE_CHANGE = IPC, 30, "LogicalParallelApplyStateChange", "Waiting for a logical replication parallel apply process to change state";
    IPC_LOGICAL_SYNC_DATA = IPC, 31, "LogicalSyncData", "Waiting for a logical replication remote server to send data for initial table synchronization";
    IPC_LOGICAL_SYNC_STATE_CHANGE = IPC, 32, "LogicalSyncStateChange", "Waiting for a logical replication remote server to change state";
    IPC_MESSAGE_QUEUE_INTERNAL = IPC, 33, "MessageQueueInternal", "Waiting for another process to be attached to a shared message queue";
    IPC_MESSAGE_QUEUE_PUT_MESSAGE = IPC, 34, "MessageQueuePutMessage", "Waiting to write a protocol message to a shared message queue";
    IPC_MESSAGE_QUEUE_RECEIVE = IPC, 35, "MessageQueueReceive", "Waiting to receive bytes from a shared message queue";
    IPC_MESSAGE_QUEUE_SEND = IPC, 36, "MessageQueueSend", "Waiting to send bytes to a shared message queue";
    IPC_MULTIXACT_CREATION = IPC, 37, "MultixactCreation", "Waiting for a multixact creation to complete";
    IPC_PARALLEL_BITMAP_SCAN = IPC, 38, "ParallelBitmapScan", "Waiting for parallel bitmap scan to become initialized";
    IPC_PARALLEL_CREATE_INDEX_SCAN = IPC, 39, "ParallelCreateIndexScan", "Waiting for parallel CREATE INDEX workers to finish heap scan";
    IPC_PARALLEL_FINISH = IPC, 40, "ParallelFinish", "Waiting for parallel workers to finish computing";
    IPC_PROC_SIGNAL_BARRIER = IPC, 41, "ProcSignalBarrier", "Waiting for a barrier event to be processed by all backends";
    IPC_PROCARRAY_GROUP_UPDATE = IPC, 42, "ProcarrayGroupUpdate", "Waiting for the group leader to clear the transaction ID at transaction end";
    IPC_PROMOTE = IPC, 43, "Promote", "Waiting for standby promotion";
    IPC_RECOVERY_CONFLICT_SNAPSHOT = IPC, 44, "RecoveryConflictSnapshot", "Waiting for recovery conflict resolution for a vacuum cleanup";
    IPC_RECOVERY_CONFLICT_TABLESPACE = IPC, 45, "RecoveryConflictTablespace", "Waiting for recovery conflict resolution for dropping a tablespace";
    IPC_RECOVERY_END_COMMAND = IPC, 46, "RecoveryEndCommand", "Waiting for recovery_end_command to complete";
    IPC_RECOVERY_PAUSE = IPC, 47, "RecoveryPause", "Waiting for recovery to be resumed";
    IPC_REPLICATION_ORIGIN_DROP = IPC, 48, "ReplicationOriginDrop", "Waiting for a replication origin to become inactive so it can be dropped";
    IPC_REPLICATION_SLOT_DROP = IPC, 49, "ReplicationSlotDrop", "Waiting for a replication slot to become inactive so it can be dropped";
    IPC_RESTORE_COMMAND = IPC, 50, "RestoreCommand", "Waiting for restore_command to complete";
    IPC_SAFE_SNAPSHOT = IPC, 51, "SafeSnapshot", "Waiting to obtain a valid snapshot for a READ ONLY DEFERRABLE transaction";
    IPC_SYNC_REP = IPC, 52, "SyncRep", "Waiting for confirmation from a remote server during synchronous replication";
    IPC_WAL_RECEIVER_EXIT = IPC, 53, "WalReceiverExit", "Waiting for the WAL receiver to exit";
    IPC_WAL_RECEIVER_UPSTREAM_CATCHUP = IPC, 54, "WalReceiverUpstreamCatchup", "Waiting for upstream server WAL flush position to catch up to requested start point";
    IPC_WAL_RECEIVER_WAIT_START = IPC, 55, "WalReceiverWaitStart", "Waiting for startup process to send initial data for streaming replication";
    IPC_WAL_SUMMARY_READY = IPC, 56, "WalSummaryReady", "Waiting for a new WAL summary to be generated";
    IPC_XACT_GROUP_UPDATE = IPC, 57, "XactGroupUpdate", "Waiting for the group leader to update transaction status at transaction end";
    LWLOCK_ADDIN_SHMEM_INIT = LWLock, 0, "AddinShmemInit", "Waiting to manage an extension's space allocation in shared memory";
    LWLOCK_AIO_URING_COMPLETION = LWLock, 1, "AioUringCompletion", "Waiting for another process to complete IO via io_uring";
    LWLOCK_AIO_WORKER_SUBMISSION_QUEUE = LWLock, 2, "AioWorkerSubmissionQueue", "Waiting to access AIO worker submission queue";
    LWLOCK_AUTO_FILE = LWLock, 3, "AutoFile", "Waiting to update the postgresql.auto.conf file";
    LWLOCK_AUTOVACUUM = LWLock, 4, "Autovacuum", "Waiting to read or update the current state of autovacuum workers";
    LWLOCK_AUTOVACUUM_SCHEDULE = LWLock, 5, "AutovacuumSchedule", "Waiting to ensure that a table selected for autovacuum still needs vacuuming";
    LWLOCK_BACKGROUND_WORKER = LWLock, 6, "BackgroundWorker", "Waiting to read or update background worker state";
    LWLOCK_BTREE_VACUUM = LWLock, 7, "BtreeVacuum", "Waiting to read or update vacuum-related information for a B-tree index";
    LWLOCK_BUFFER_CONTENT = LWLock, 8, "BufferContent", "Waiting to access a data page in memory";
    LWLOCK_BUFFER_MAPPING = LWLock, 9, "BufferMapping", "Waiting to associate a data block with a buffer in the buffer pool";
    LWLOCK_CHECKPOINTER_COMM = LWLock, 10, "CheckpointerComm", "Waiting to manage fsync requests";
    LWLOCK_COMMIT_TS = LWLock, 11, "CommitTs", "Waiting to read or update the last value set for a transaction commit timestamp";
    LWLOCK_COMMIT_TS_BUFFER = LWLock, 12, "CommitTsBuffer", "Waiting for I/O on a commit timestamp SLRU buffer";
    LWLOCK_COMMIT_TS_SLRU = LWLock, 13, "CommitTsSLRU", "Waiting to access the commit timestamp SLRU cache";
    LWLOCK_CONTROL_FILE = LWLock, 14, "ControlFile", "Waiting to read or update the pg_control file or create a new WAL file";
    LWLOCK_DSM_REGISTRY = LWLock, 15, "DSMRegistry", "Waiting to read or update the dynamic shared memory registry";
    LWLOCK_DSM_REGISTRY_DSA = LWLock, 16, "DSMRegistryDSA", "Waiting to access dynamic shared memory registry's dynamic shared memory allocator";
    LWLOCK_DSM_REGISTRY_HASH = LWLock, 17, "DSMRegistryHash", "Waiting to access dynamic shared memory registry's shared hash table";
    LWLOCK_DYNAMIC_SHARED_MEMORY_CONTROL = LWLock, 18, "DynamicSharedMemoryControl", "Waiting to read or update dynamic shared memory allocation information";
    LWLOCK_INJECTION_POINT = LWLock, 19, "InjectionPoint", "Waiting to read or update information related to injection points";
    LWLOCK_LOCK_FAST_PATH = LWLock, 20, "LockFastPath", "Waiting to read or update a process' fast-path lock information";
    LWLOCK_LOCK_MANAGER = LWLock, 21, "LockManager", "Waiting to read or update information about \"heavyweight\" locks";
    LWLOCK_LOGICAL_REP_LAUNCHER_DSA = LWLock, 22, "LogicalRepLauncherDSA", "Waiting to access logical replication launcher's dynamic shared memory allocator";
    LWLOCK_LOGICAL_REP_LAUNCHER_HASH = LWLock, 23, "LogicalRepLauncherHash", "Waiting to access logical replication launcher's shared hash table";
    LWLOCK_LOGICAL_REP_WORKER = LWLock, 24, "LogicalRepWorker", "Waiting to read or update the state of logical replication workers";
    LWLOCK_MULTI_XACT_GEN = LWLock, 25, "MultiXactGen", "Waiting to read or update shared multixact state";
    LWLOCK_MULTI_XACT_MEMBER_BUFFER = LWLock, 26, "MultiXactMemberBuffer", "Waiting for I/O on a multixact member SLRU buffer";
    LWLOCK_MULTI_XACT_MEMBER_SLRU = LWLock, 27, "MultiXactMemberSLRU", "Waiting to access the multixact member SLRU cache";
    LWLOCK_MULTI_XACT_OFFSET_BUFFER = LWLock, 28, "MultiXactOffsetBuffer", "Waiting for I/O on a multixact offset SLRU buffer";
    LWLOCK_MULTI_XACT_OFFSET_SLRU = LWLock, 29, "MultiXactOffsetSLRU", "Waiting to access the multixact offset SLRU cache";
    LWLOCK_MULTI_XACT_TRUNCATION = LWLock, 30, "MultiXactTruncation", "Waiting to read or truncate multixact information";
    LWLOCK_NOTIFY_BUFFER = LWLock, 31, "NotifyBuffer", "Waiting for I/O on a NOTIFY message SLRU buffer";
    LWLOCK_NOTIFY_QUEUE = LWLock, 32, "NotifyQueue", "Waiting to read or update NOTIFY messages";
    LWLOCK_NOTIFY_QUEUE_TAIL = LWLock, 33, "NotifyQueueTail", "Waiting to update limit on NOTIFY message storage";
    LWLOCK_NOTIFY_SLRU = LWLock, 34, "NotifySLRU", "Waiting to access the NOTIFY message SLRU cache";
    LWLOCK_OID_GEN = LWLock, 35, "OidGen", "Waiting to allocate a new OID";
    LWLOCK_PARALLEL_APPEND = LWLock, 36, "ParallelAppend", "Waiting to choose the next subplan during Parallel Append plan execution";
    LWLOCK_PARALLEL_BTREE_SCAN = LWLock, 37, "ParallelBtreeScan", "Waiting to synchronize workers during Parallel B-tree scan plan execution";
    LWLOCK_PARALLEL_HASH_JOIN = LWLock, 38, "ParallelHashJoin", "Waiting to synchronize workers during Parallel Hash Join plan execution";
    LWLOCK_PARALLEL_QUERY_DSA = LWLock, 39, "ParallelQueryDSA", "Waiting for parallel query dynamic shared memory allocation";
    LWLOCK_PARALLEL_VACUUM_DSA = LWLock, 40, "ParallelVacuumDSA", "Waiting for parallel vacuum dynamic shared memory allocation";
    LWLOCK_PER_SESSION_DSA = LWLock, 41, "PerSessionDSA", "Waiting for parallel query dynamic shared memory allocation";
    LWLOCK_PER_SESSION_RECORD_TYPE = LWLock, 42, "PerSessionRecordType", "Waiting to access a parallel query's information about composite types";
    LWLOCK_PER_SESSION_RECORD_TYPMOD = LWLock, 43, "PerSessionRecordTypmod", "Waiting to access a parallel query's information about type modifiers that identify anonymous record types";
    LWLOCK_PER_XACT_PREDICATE_LIST = LWLock, 44, "PerXactPredicateList", "Waiting to access the list of predicate locks held by the current serializable transaction during a parallel query";
    LWLOCK_PG_STATS_DSA = LWLock, 45, "PgStatsDSA", "Waiting for stats dynamic shared memory allocator access";
    LWLOCK_PG_STATS_DATA = LWLock, 46, "PgStatsData", "Waiting for shared memory stats data access";
    LWLOCK_PG_STATS_HASH = LWLock, 47, "PgStatsHash", "Waiting for stats shared memory hash table access";
    LWLOCK_PREDICATE_LOCK_MANAGER = LWLock, 48, "PredicateLockManager", "Waiting to access predicate lock information used by serializable transactions";
    LWLOCK_PROC_ARRAY = LWLock, 49, "ProcArray", "Waiting to access the shared per-process data structures (typically, to get a snapshot or report a session's transaction ID)";
    LWLOCK_REL_CACHE_INIT = LWLock, 50, "RelCacheInit", "Waiting to read or update a pg_internal.init relation cache initialization file";
    LWLOCK_RELATION_MAPPING = LWLock, 51, "RelationMapping", "Waiting to read or update a pg_filenode.map file (used to track the filenode assignments of certain system catalogs)";
    LWLOCK_REPLICATION_ORIGIN = LWLock, 52, "ReplicationOrigin", "Waiting to create, drop or use a replication origin";
    LWLOCK_REPLICATION_ORIGIN_STATE = LWLock, 53, "ReplicationOriginState", "Waiting to read or update the progress of one replication origin";
    LWLOCK_REPLICATION_SLOT_ALLOCATION = LWLock, 54, "ReplicationSlotAllocation", "Waiting to allocate or free a replication slot";
    LWLOCK_REPLICATION_SLOT_CONTROL = LWLock, 55, "ReplicationSlotControl", "Waiting to read or update replication slot state";
    LWLOCK_REPLICATION_SLOT_IO = LWLock, 56, "ReplicationSlotIO", "Waiting for I/O on a replication slot";
    LWLOCK_S_INVAL_READ = LWLock, 57, "SInvalRead", "Waiting to retrieve messages from the shared catalog invalidation queue";
    LWLOCK_S_INVAL_WRITE = LWLock, 58, "SInvalWrite", "Waiting to add a message to the shared catalog invalidation queue";
    LWLOCK_SERIAL_BUFFER = LWLock, 59, "SerialBuffer", "Waiting for I/O on a serializable transaction conflict SLRU buffer";
    LWLOCK_SERIAL_CONTROL = LWLock, 60, "SerialControl", "Waiting to read or update shared pg_serial state";
    LWLOCK_SERIAL_SLRU = LWLock, 61, "SerialSLRU", "Waiting to access the serializable transaction conflict SLRU cache";
    LWLOCK_SERIALIZABLE_FINISHED_LIST = LWLock, 62, "SerializableFinishedList", "Waiting to access the list of finished serializable transactions";
    LWLOCK_SERIALIZABLE_PREDICATE_LIST = LWLock, 63, "SerializablePredicateList", "Waiting to access the list of predicate locks held by serializable transactions";
    LWLOCK_SERIALIZABLE_XACT_HASH = LWLock, 64, "SerializableXactHash", "Waiting to read or update information about serializable transactions";
    LWLOCK_SHARED_TID_BITMAP = LWLock, 65, "SharedTidBitmap", "Waiting to access a shared TID bitmap during a parallel bitmap index scan";
    LWLOCK_SHARED_TUPLE_STORE = LWLock, 66, "SharedTupleStore", "Waiting to access a shared tuple store during parallel query";
    LWLOCK_SHMEM_INDEX = LWLock, 67, "ShmemIndex", "Waiting to find or allocate space in shared memory";
    LWLOCK_SUBTRANS_BUFFER = LWLock, 68, "SubtransBuffer", "Waiting for I/O on a sub-transaction SLRU buffer";
    LWLOCK_SUBTRANS_SLRU = LWLock, 69, "SubtransSLRU", "Waiting to access the sub-transaction SLRU cache";
    LWLOCK_SYNC_REP = LWLock, 70, "SyncRep", "Waiting to read or update information about the state of synchronous replication";
    LWLOCK_SYNC_SCAN = LWLock, 71, "SyncScan", "Waiting to select the starting location of a synchronized table scan";
    LWLOCK_TABLESPACE_CREATE = LWLock, 72, "TablespaceCreate", "Waiting to create or drop a tablespace";
    LWLOCK_TWO_PHASE_STATE = LWLock, 73, "TwoPhaseState", "Waiting to read or update the state of prepared transactions";
    LWLOCK_WAL_BUF_MAPPING = LWLock, 74, "WALBufMapping", "Waiting to replace a page in WAL buffers";
    LWLOCK_WAL_INSERT = LWLock, 75, "WALInsert", "Waiting to insert WAL data into a memory buffer";
    LWLOCK_WAL_SUMMARIZER = LWLock, 76, "WALSummarizer", "Waiting to read or update WAL summarization state";
    LWLOCK_WAL_WRITE = LWLock, 77, "WALWrite", "Waiting for WAL buffers to be written to disk";
    LWLOCK_WAIT_EVENT_CUSTOM = LWLock, 78, "WaitEventCustom", "Waiting to read or update custom wait events information";
    LWLOCK_WRAP_LIMITS_VACUUM = LWLock, 79, "WrapLimitsVacuum", "Waiting to update limits on transaction id and multixact consumption";
    LWLOCK_XACT_BUFFER = LWLock, 80, "XactBuffer", "Waiting for I/O on a transaction status SLRU buffer";
    LWLOCK_XACT_SLRU = LWLock, 81, "XactSLRU", "Waiting to access the transaction status SLRU cache";
    LWLOCK_XACT_TRUNCATION = LWLock, 82, "XactTruncation", "Waiting to execute pg_xact_status or update the oldest transaction ID available to it";
    LWLOCK_XID_GEN = LWLock, 83, "XidGen", "Waiting to allocate a new transaction ID";
    LOCK_ADVISORY = Lock, 10, "advisory", "Waiting to acquire an advisory user lock";
    LOCK_APPLYTRANSACTION = Lock, 11, "applytransaction", "Waiting to acquire a lock on a remote transaction being applied by a logical replication subscriber";
    LOCK_EXTEND = Lock, 1, "extend", "Waiting to extend a relation";
    LOCK_FROZENID = Lock, 2, "frozenid", "Waiting to update pg_database.datfrozenxid and pg_database.datminmxid";
    LOCK_OBJECT = Lock, 8, "object", "Waiting to acquire a lock on a non-relation database object";
    LOCK_PAGE = Lock, 3, "page", "Waiting to acquire a lock on a page of a relation";
    LOCK_RELATION = Lock, 0, "relation", "Waiting to acquire a lock on a relation";
    LOCK_SPECTOKEN = Lock, 7, "spectoken", "Waiting to acquire a speculative insertion lock";
    LOCK_TRANSACTIONID = Lock, 5, "transactionid", "Waiting for a transaction to finish";
    LOCK_TUPLE = Lock, 4, "tuple", "Waiting to acquire a lock on a tuple";
    LOCK_USERLOCK = Lock, 9, "userlock", "Waiting to acquire a user lock";
    LOCK_VIRTUALXID = Lock, 6, "virtualxid", "Waiting to acquire a virtual transaction ID lock";
    TIMEOUT_BASE_BACKUP_THROTTLE = Timeout, 0, "BaseBackupThrottle", "Waiting during base backup when throttling activity";
    TIMEOUT_CHECKPOINT_WRITE_DELAY = Timeout, 1, "CheckpointWriteDelay", "Waiting between writes while performing a checkpoint";
    TIMEOUT_PG_SLEEP = Timeout, 2, "PgSleep", "Waiting due to a call to pg_sleep or a sibling function";
    TIMEOUT_RECOVERY_APPLY_DELAY = Timeout, 3, "RecoveryApplyDelay", "Waiting to apply WAL during recovery because of a delay setting";
    TIMEOUT_RECOVERY_RETRIEVE_RETRY_INTERVAL = Timeout, 4, "RecoveryRetrieveRetryInterval", "Waiting during recovery when WAL data is not available from any source (pg_wal, archive or stream)";
    TIMEOUT_REGISTER_SYNC_REQUEST = Timeout, 5, "RegisterSyncRequest", "Waiting while sending synchronization requests to the checkpointer, because the request queue is full";
    TIMEOUT_SPIN_DELAY = Timeout, 6, "SpinDelay", "Waiting while acquiring a contended spinlock";
    TIMEOUT_VACUUM_DELAY = Timeout, 7, "VacuumDelay", "Waiting in a cost-based vacuum delay point";
    TIMEOUT_VACUUM_TRUNCATE = Timeout, 8, "VacuumTruncate", "Waiting to acquire an exclusive lock to truncate off any empty pages at the end of a table vacuumed";
    TIMEOUT_WAL_SUMMARIZER_ERROR = Timeout, 9, "WalSummarizerError", "Waiting after a WAL summarizer error";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_distinct_and_found() {
        let mut numbers: Vec<u32> = WaitEvent::ALL.iter().map(|d| d.event.0).collect();
        numbers.sort();
        numbers.dedup();
        assert_eq!(numbers.len(), WaitEvent::ALL.len());
        assert_eq!(format!("{:?}", WaitEvent::CLIENT_CLIENT_READ), "Client:ClientRead");
        assert_eq!(WaitEvent(0).describe(), None);
    }
}
