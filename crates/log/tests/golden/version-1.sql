-- What a server of data version 1 left behind when it was killed: a group with the password `key`, somebody who
-- came and left, a snapshot after that, and somebody who was there. Written by the program of 2026-11-21.
PRAGMA application_id = 0x436e636c;
PRAGMA user_version = 1;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE meta (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES('epoch','1d26e6e11b5559e0');
CREATE TABLE groups (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        number INTEGER NOT NULL UNIQUE,
        password_hash TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        is_closed INTEGER NOT NULL DEFAULT 0,
        is_deleted_when_empty INTEGER NOT NULL DEFAULT 0
    ) STRICT;
INSERT INTO "groups" VALUES(1,5489,'$argon2id$v=19$m=19456,t=2,p=1$f1LilmH0MrChtV1YpHgeZw$MaR1KPrQdPKqvvi5O9b6cTYyDdYC4tBMZRtVV5qCH00',1795249455574,0,0);
CREATE TABLE events (
        group_id INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        member INTEGER NOT NULL,
        name TEXT NOT NULL,
        text TEXT,
        client_id TEXT,
        seat BLOB,
        chain BLOB NOT NULL,
        PRIMARY KEY (group_id, seq)
    ) STRICT, WITHOUT ROWID;
INSERT INTO events VALUES(1,1,1795249455576,'joined',1,'Noya',NULL,NULL,NULL,X'0d950c9910b7bff404687748cd97140a');
INSERT INTO events VALUES(1,2,1795249456511,'said',1,'Noya','shalom שלום',NULL,NULL,X'6cf5b58694d7065301f66ef81dd356cf');
INSERT INTO events VALUES(1,3,1795249456512,'action',1,'Noya','waves',NULL,NULL,X'2973fba4ddd10ae729b60b56111917a4');
INSERT INTO events VALUES(1,4,1795249456513,'topic',1,'Noya','tea at five',NULL,NULL,X'565116e7ae3e78eb95bfca37d92f3461');
INSERT INTO events VALUES(1,5,1795249456515,'renamed',1,'Noya','Noa',NULL,NULL,X'585c9c9858faebb4386d9dee9e7e39a6');
INSERT INTO events VALUES(1,6,1795249456517,'said',1,'Noa','bye',NULL,NULL,X'834adfed0d37fa9803aebe51e4a3957f');
INSERT INTO events VALUES(1,7,1795249457211,'left',1,'Noa',NULL,NULL,NULL,X'af749192e7037009ab1fedab4363328a');
INSERT INTO events VALUES(1,8,1795249462894,'joined',2,'Dan',NULL,NULL,NULL,X'd5fa1e7f7e9dd18192dbf2d399425344');
INSERT INTO events VALUES(1,9,1795249463826,'said',2,'Dan','anybody?',NULL,NULL,X'f109692a3b0a0a8c1d530e55943121a7');
CREATE TABLE snapshots (
        group_id INTEGER PRIMARY KEY,
        head INTEGER NOT NULL,
        state TEXT NOT NULL,
        sum BLOB NOT NULL
    ) STRICT;
INSERT INTO snapshots VALUES(1,7,'{"format":1,"head":7,"last_at":1795249457211,"next_member":1,"topic":"tea at five","members":[]}',X'e5b25318a67f1d43ab3e0b4be7e4c7c3');
CREATE TABLE purges (
        group_id INTEGER PRIMARY KEY
    ) STRICT;
INSERT INTO sqlite_sequence VALUES('groups',1);
COMMIT;
