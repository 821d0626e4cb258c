// What the server takes and gives, made of its code by `cargo xtask docs`. Change it there.

/** What a frame of a WebSocket asks. */
export type Asked = (Op & {
  readonly ref?: (Reference | null);
});

/** A ban. */
export type BanShown = {
  /** When: RFC 3339, UTC, milliseconds. */
  readonly at: string;
  /** Name of who set it. */
  readonly by: string;
  /** A name, or a mask such as `*!*@host`. */
  readonly mask: string;
};

/** Who is banned from a group. */
export type Bans = {
  /** Oldest first. */
  readonly bans: readonly BanShown[];
};

/** A change of the settings as programs read it. A password is never told. */
export type ChangeShown = {
  /** What was changed: a flag (`moderated`, `topic-locked`, `invite-only`, `secret`, `no-external`, `closed`), a list (`bans`, `ban-exceptions`, `mutes`, `invite-exceptions`), `password`, `members-max` or `invitation`. */
  readonly change: string;
  /** The limit of members. */
  readonly count?: number | null;
  /** The mask. */
  readonly mask?: string | null;
  /** The name that was invited. */
  readonly of?: string | null;
  /** Whether the flag is on now, the mask on the list, or the password or limit there. */
  readonly on: boolean;
};

/** What makes a group. */
export type Create = {
  /** Name of the first member, its maker. */
  readonly name: string;
  /** Password of the group. */
  readonly password: string;
};

/** What moderators do. */
export type Deed = "kick" | "ban" | "unban" | "mute" | "unmute" | "op" | "deop" | "voice" | "devoice" | "password" | "close" | "open" | "lock-topic" | "unlock-topic";

/** A direct conversation in a list. */
export type DirectListed = {
  /** Time of that event, as RFC 3339. */
  readonly at: string;
  /** Number of its newest event. */
  readonly head: number;
  /** Name of the other. */
  readonly with: string;
};

/** An event of a direct conversation, as one of the two reads it. */
export type DirectShown = {
  /** What happened. */
  readonly event: EventShown;
  /** Name of the other. */
  readonly with: string;
};

/** The direct conversations of a member. */
export type Directs = {
  /** Those of the newest messages first. */
  readonly directs: readonly DirectListed[];
};

/** Why a connection is in a group no more. */
export type EndedShown = "left" | "removed" | "closed" | "deleted" | "replaced";

/** The answer to making, joining and taking up again. */
export type Entered = {
  /** The word the group goes by beside its number. */
  readonly alias?: string | null;
  /** The epoch of these numbers. */
  readonly epoch: string;
  /** What is switched on in how the group works, by the words of `settings` events. */
  readonly flags: readonly string[];
  /** The group's number. */
  readonly group: string;
  /** Number of the newest event. */
  readonly head: number;
  /** Who is in the group. */
  readonly members: readonly MemberShown[];
  /** The name one bears. */
  readonly name: string;
  /** The place did not fit: events come from the newest page. */
  readonly reset?: boolean;
  /** What one may do beyond what all may. */
  readonly role: RoleShown;
  /** The seat, where one was made: for its holder only. */
  readonly seat?: string | null;
  /** The topic; empty where there is none. */
  readonly topic: string;
};

/** Why something was not done. */
export type ErrorShown = {
  /** In one word, for programs. */
  readonly code: string;
  /** In a sentence, for people. */
  readonly message: string;
};

/** An event as programs read it. */
export type EventShown = (KindShown & {
  /** RFC 3339, UTC, milliseconds. */
  readonly at: string;
  /** Name of the member it is about. */
  readonly name: string;
  /** Its number in the group. */
  readonly seq: number;
});

/** A page of events, oldest first. */
export type Events = {
  /** The events. */
  readonly events: readonly EventShown[];
};

/** A program that is to speak in a group. */
export type Hook = {
  /** The name it speaks under. */
  readonly name: string;
};

/** The address of a program that speaks in a group. */
export type HookShown = {
  /** The name it speaks under. */
  readonly name: string;
  /** Where it posts to, on this server. Whoever has it speaks as the program. */
  readonly url: string;
};

/** An invitation to a group. */
export type InviteShown = {
  /** When it ends: RFC 3339, UTC, milliseconds. */
  readonly expires_at: string;
  /** Where the web app takes it, on this server. */
  readonly link: string;
  /** What is given in place of the password. */
  readonly token: string;
};

/** What joins a group. */
export type Join = {
  /** An invitation, in place of the password. */
  readonly invite?: string | null;
  /** Name of the member. */
  readonly name: string;
  /** Password of the group. */
  readonly password?: string | null;
};

/** The kinds of event as programs read them. */
export type KindShown = ({
  readonly kind: "said";
  /** What. */
  readonly text: string;
} | {
  readonly kind: "action";
  /** What. */
  readonly text: string;
} | {
  readonly kind: "joined";
  /** What it is from the beginning, where that is not an ordinary member. */
  readonly role?: string | null;
} | {
  readonly kind: "left";
} | {
  readonly kind: "tagged";
} | {
  readonly kind: "redacted";
  /** Number of that message. */
  readonly of: number;
} | {
  readonly kind: "renamed";
  /** The new name. */
  readonly to: string;
} | {
  readonly kind: "topic";
  /** The new topic; empty where it was taken away. */
  readonly text: string;
} | {
  /** By whom. */
  readonly by: string;
  readonly kind: "removed";
  /** Why, where that was said. */
  readonly text?: string;
} | {
  /** The member who did it. */
  readonly by: string;
  /** Given, or taken away. */
  readonly given: boolean;
  readonly kind: "role";
  /** Whom it gave it to. */
  readonly of: string;
  /** The power: `moderator` or `voice`. */
  readonly power: string;
  /** What that member is by it: `moderator`, `voiced`, or `member` where it was taken away. */
  readonly role: string;
} | (ChangeShown & {
  /** The member who did it. */
  readonly by: string;
} & {
  readonly kind: "settings";
}));

/** Where a message landed. */
export type LandedShown = {
  /** RFC 3339, UTC, milliseconds. */
  readonly at: string;
  /** Its number. */
  readonly seq: number;
};

/** A member, in a list. */
export type MemberShown = {
  /** Whether it is connected; a member with a seat may be away. */
  readonly here: boolean;
  /** Whether it was told to be silent. */
  readonly muted?: boolean;
  /** Its name. */
  readonly name: string;
  /** What it may do beyond what all may. */
  readonly role: RoleShown;
  /** Whether it is the one who asks. */
  readonly you: boolean;
};

/** Who is in a group. */
export type Members = {
  /** In the order of joining. */
  readonly members: readonly MemberShown[];
};

/** Nothing more than that it was done. */
export type Nothing = Record<string, never>;

/** The operations of a WebSocket. */
export type Op = ((Create & {
  readonly op: "create";
}) | (Join & {
  /** The group's number. */
  readonly group: string;
} & {
  readonly op: "join";
}) | {
  /** Number of the newest event that was seen. */
  readonly after: number;
  /** The epoch in which it was seen. */
  readonly epoch?: string | null;
  /** The group's number. */
  readonly group: string;
  readonly op: "resume";
  /** The seat, as it was given. */
  readonly seat: string;
} | (Say & {
  /** The group's number. */
  readonly group: string;
} & {
  readonly op: "send";
}) | (Say & {
  /** The group's number. */
  readonly group: string;
  /** The member's name. */
  readonly to: string;
} & {
  readonly op: "direct";
}) | {
  /** The group's number. */
  readonly group: string;
  readonly op: "directs";
} | (Page & {
  /** The group's number. */
  readonly group: string;
  /** Name of the member with whom it is. */
  readonly with: string;
} & {
  readonly op: "direct-history";
}) | (Page & {
  /** The group's number. */
  readonly group: string;
} & {
  readonly op: "history";
}) | {
  /** The group's number. */
  readonly group: string;
  readonly op: "members";
} | {
  /** The group's number. */
  readonly group: string;
  /** The new name. */
  readonly name: string;
  readonly op: "rename";
} | {
  /** The group's number. */
  readonly group: string;
  readonly op: "topic";
  /** The new topic. */
  readonly text: string;
} | {
  /** The group's number. */
  readonly group: string;
  readonly op: "typing";
  /** How far one is. */
  readonly state?: TypingShown;
} | {
  /** What is to be done. */
  readonly do: Deed;
  /** The group's number. */
  readonly group: string;
  /** To whom: a name, or for bans and mutes a mask such as `*!*@host`. */
  readonly name?: string | null;
  readonly op: "moderate";
  /** Why, or the new password; without text the password is taken away. */
  readonly text?: string | null;
} | {
  /** The group's number. */
  readonly group: string;
  readonly op: "bans";
} | {
  /** The group's number. */
  readonly group: string;
  readonly op: "invite";
} | {
  /** The group's number. */
  readonly group: string;
  readonly op: "leave";
});

/** Which events: those below a number or those above it, the nearest to it. */
export type Page = {
  /** Events above this number. */
  readonly after?: number | null;
  /** Events below this number; without either number, the newest. */
  readonly before?: number | null;
  /** How many at the most. */
  readonly limit?: number | null;
};

/** Why a request over HTTP was not served (RFC 9457). */
export type ProblemShown = {
  /** In one word, for programs. */
  readonly code: string;
  /** What happened, then what to do. */
  readonly detail: string;
  /** The status. */
  readonly status: number;
  /** The status in words. */
  readonly title: string;
  /** Tells kinds of problem apart: `/problems/` and the code. */
  readonly type: string;
};

/** A client's own mark on what it asks: a whole number, or a string of at most `limits::REFERENCE_BYTES_MAX` bytes. */
export type Reference = (number | string);

/** What a member may do beyond what all may. */
export type RoleShown = "owner" | "moderator" | "voiced" | "member";

/** Something to say. */
export type Say = {
  /** The client's own name for this send: the same one again lands once. */
  readonly client_id?: string | null;
  /** Whether it is said or done. */
  readonly kind?: SayKind;
  /** What. */
  readonly text: string;
};

/** Whether something is said or done. */
export type SayKind = "said" | "action";

/** What a server says of itself. */
export type ServerShown = {
  /** The epoch of its log: numbers of another one mean nothing here. */
  readonly epoch: string;
  /** Where terminals, IRC clients and `conclave chat` connect. */
  readonly listen: readonly string[];
  /** The name it gives itself. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
};

/** Something of a group that is told to whoever is in it. */
export type Told = (ToldKind & {
  /** The group's number. */
  readonly group: string;
});

/** Something that one member told another. */
export type ToldDirect = {
  /** What, and with whom. */
  readonly direct: DirectShown;
  /** Number of the group in which the two met; without it it is a conversation of two accounts. */
  readonly group?: string | null;
};

/** What is told of a group. */
export type ToldKind = ({
  /** Something happened. */
  readonly event: EventShown;
} | {
  /** A member that stays one while disconnected has come back or gone. */
  readonly presence: {
    /** Whether it is connected now. */
    readonly here: boolean;
    /** Its name. */
    readonly name: string;
  };
} | {
  /** A member types, or no longer. */
  readonly typing: {
    /** Its name. */
    readonly name: string;
    /** How far it is. */
    readonly state: TypingShown;
  };
} | {
  /** This connection is in the group no more. */
  readonly ended: {
    /** Why. */
    readonly reason: EndedShown;
  };
});

/** How far somebody is with what it types. */
export type TypingShown = "active" | "paused" | "done";
