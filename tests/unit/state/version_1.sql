BEGIN TRANSACTION;
CREATE TABLE checkpoints (
        scope INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL, page INTEGER NOT NULL, high_water TEXT,
        run_id TEXT NOT NULL
    );
INSERT INTO "checkpoints" VALUES(1,'f1',3,'2026-04-01T09:00:00Z','run-1');
CREATE TABLE cursors (scope INTEGER PRIMARY KEY, value TEXT, fingerprint TEXT NOT NULL, full_at TEXT);
INSERT INTO "cursors" VALUES(1,'2026-04-01T10:00:00Z','f1','2026-03-01T00:00:00Z');
CREATE TABLE details (
        scope INTEGER NOT NULL, key TEXT NOT NULL, version TEXT NOT NULL, record TEXT NOT NULL,
        PRIMARY KEY (scope, key)
    );
INSERT INTO "details" VALUES(1,'5','v1','{"email":"a@example.com"}');
CREATE TABLE etl_schema (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL);
INSERT INTO "etl_schema" VALUES(1,'2026-04-01T10:00:00+00:00');
CREATE TABLE identities (
        place INTEGER NOT NULL, target_key TEXT NOT NULL, target_id TEXT NOT NULL,
        PRIMARY KEY (place, target_key)
    ) WITHOUT ROWID
    ;
INSERT INTO "identities" VALUES(1,'t-1','41');
CREATE TABLE intents (
        scope INTEGER NOT NULL, key TEXT NOT NULL, target_key TEXT NOT NULL, output TEXT NOT NULL,
        hash BLOB NOT NULL, created_at TEXT NOT NULL, run_id TEXT NOT NULL,
        PRIMARY KEY (scope, key)
    ) WITHOUT ROWID
    ;
INSERT INTO "intents" VALUES(1,'3','t-3','{"hours":8}',X'03','2026-04-01T10:00:00Z','run-1');
CREATE TABLE ledger (
        scope INTEGER NOT NULL, key TEXT NOT NULL, target_key TEXT NOT NULL, hash BLOB NOT NULL,
        seen INTEGER NOT NULL, gone INTEGER NOT NULL, target_id TEXT, output TEXT,
        PRIMARY KEY (scope, key)
    ) WITHOUT ROWID
    ;
INSERT INTO "ledger" VALUES(1,'1','t-1',X'01FF',1,0,'41','{"hours":7.5,"name":"Byte av värmepump"}');
INSERT INTO "ledger" VALUES(1,'2','t-2',X'02',1,1,NULL,'{"name":"x"}');
CREATE TABLE places (
        number INTEGER PRIMARY KEY AUTOINCREMENT, project TEXT NOT NULL, environment TEXT NOT NULL, origin TEXT NOT NULL,
        UNIQUE (project, environment, origin)
    );
INSERT INTO "places" VALUES(1,'acme','production','https://target.example projects');
CREATE TABLE rejects (
        id INTEGER PRIMARY KEY AUTOINCREMENT, scope INTEGER NOT NULL, key TEXT NOT NULL, reason TEXT NOT NULL, field TEXT,
        code TEXT NOT NULL, record TEXT, output TEXT, target_key TEXT, attempts INTEGER NOT NULL,
        first_at TEXT NOT NULL, last_at TEXT NOT NULL, run_id TEXT NOT NULL,
        UNIQUE (scope, key)
    );
INSERT INTO "rejects" VALUES(1,1,'4','is required','clientId','required','{"id":4}','{"name":"y"}','t-4',1,'2026-04-01T10:00:00Z','2026-04-01T10:00:00Z','run-1');
CREATE TABLE runs (
        number INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL UNIQUE, project TEXT NOT NULL, environment TEXT NOT NULL,
        command TEXT NOT NULL, status TEXT NOT NULL, exit_code INTEGER NOT NULL, started_at TEXT NOT NULL,
        finished_at TEXT NOT NULL, report TEXT NOT NULL
    );
INSERT INTO "runs" VALUES(1,'run-1','acme','production','etl run','succeeded',0,'2026-04-01T10:00:00Z','','{"connections":{},"error":null,"exit_code":0,"finished_at":"","mappings":[{"changes":[],"created":0,"cursor":null,"deleted":0,"drift":{},"duplicates":0,"error":null,"expected":null,"file":"","filtered":0,"finished":false,"name":"projects","read":2,"reading":"","reasons":{},"rejected":0,"seconds":0.0,"source":"","started":false,"status":"succeeded","target":"","unchanged":0,"unsettled":0,"updated":0,"warnings":[],"written":0}],"planned":false,"run_id":"run-1","started_at":"2026-04-01T10:00:00Z","status":"succeeded"}');
CREATE TABLE scopes (
        number INTEGER PRIMARY KEY AUTOINCREMENT, project TEXT NOT NULL, environment TEXT NOT NULL, mapping TEXT NOT NULL,
        origin TEXT NOT NULL, run_id TEXT NOT NULL DEFAULT '', run_number INTEGER NOT NULL DEFAULT 0,
        used_at TEXT NOT NULL DEFAULT '',
        UNIQUE (project, environment, mapping, origin)
    );
INSERT INTO "scopes" VALUES(1,'acme','production','projects','https://target.example projects','run-1',1,'2026-04-01T10:00:00.000000+00:00');
CREATE TABLE secrets (project TEXT PRIMARY KEY, value BLOB NOT NULL);
INSERT INTO "secrets" VALUES('acme',X'000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F');
CREATE TABLE slots (name TEXT PRIMARY KEY, times TEXT NOT NULL, penalty_until REAL NOT NULL);
CREATE INDEX ledger_targets ON ledger (scope, target_key, gone);
CREATE INDEX ledger_ids ON ledger (target_id) WHERE target_id IS NOT NULL;
CREATE INDEX runs_of_project ON runs (project, started_at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('scopes',1);
INSERT INTO "sqlite_sequence" VALUES('rejects',1);
INSERT INTO "sqlite_sequence" VALUES('places',1);
INSERT INTO "sqlite_sequence" VALUES('runs',1);
COMMIT;
