//! `AUTHENTICATE` and `REGISTER`: signing in to an account, and making one (`IRCv3` sasl,
//! draft/account-registration). An account holds memberships across connections.

use std::net::IpAddr;

use conclave_core::{Name, Password, Refusal};
use conclave_doors::irc::caps::{Cap, Caps};
use conclave_doors::irc::encode::Addressed;
use conclave_doors::irc::message::Message;
use conclave_doors::irc::numeric::{
    ERR_NEEDMOREPARAMS, ERR_SASLABORTED, ERR_SASLALREADY, ERR_SASLFAIL, ERR_SASLTOOLONG,
    RPL_LOGGEDIN, RPL_SASLMECHS, RPL_SASLSUCCESS,
};
use conclave_doors::irc::replies::Replies;
use conclave_doors::irc::sasl::{Plain, Sasl, Step};
use conclave_hub::{SignedIn, Source};

use super::{away, join, words};
use crate::irc::client::{Client, own_of, source};
use crate::irc::welcome::identify;
use crate::server::Context;

/// Who wants to sign in.
pub(in crate::irc) struct Asking<'connection> {
    pub(in crate::irc) context: &'connection Context,
    pub(in crate::irc) address: IpAddr,
    pub(in crate::irc) caps: Caps,
    pub(in crate::irc) is_signed_in: bool,
    /// The nick it has, where it has one.
    pub(in crate::irc) nick: Option<Name>,
    /// The nick it wanted is another's.
    pub(in crate::irc) is_nick_taken: bool,
    /// It has registered its connection.
    pub(in crate::irc) is_client: bool,
}

impl Asking<'_> {
    fn source(&self) -> Source {
        Source::new(self.address)
    }

    fn greet(&self, signed_in: &SignedIn, replies: &mut Replies) {
        let name = signed_in.account().name().as_str();
        let source = self.nick.as_ref().map_or_else(|| "*".to_owned(), source);
        let words = format!("You are now logged in as {name}");
        replies.numeric_with(RPL_LOGGEDIN, &[&source, name], &words);
    }
}

/// Goes on with an exchange; gives who has signed in by it.
pub(in crate::irc) async fn authenticate(
    asking: &Asking<'_>,
    sasl: &mut Sasl,
    message: &Message<'_>,
    replies: &mut Replies,
) -> Option<SignedIn> {
    let Some(given) = message.param(0).filter(|given| !given.is_empty()) else {
        replies.numeric(ERR_NEEDMOREPARAMS, &["AUTHENTICATE"]);
        return None;
    };
    if !asking.caps.has(Cap::Sasl) {
        replies.numeric(ERR_SASLFAIL, &[]);
        return None;
    }
    if asking.is_signed_in {
        replies.numeric(ERR_SASLALREADY, &[]);
        return None;
    }
    match sasl.handle(given) {
        Step::Ask => {
            let line = replies.from_server("AUTHENTICATE").param("+");
            replies.line(line);
        }
        Step::More => {}
        Step::NoSuchMechanism => {
            replies.numeric(RPL_SASLMECHS, &["PLAIN"]);
            replies.numeric(ERR_SASLFAIL, &[]);
        }
        Step::Aborted => replies.numeric(ERR_SASLABORTED, &[]),
        Step::TooLong => replies.numeric(ERR_SASLTOOLONG, &[]),
        Step::Malformed => replies.numeric(ERR_SASLFAIL, &[]),
        Step::Plain(plain) => return sign_in(asking, &plain, replies).await,
    }
    None
}

async fn sign_in(asking: &Asking<'_>, plain: &Plain, replies: &mut Replies) -> Option<SignedIn> {
    // Nobody acts for another here.
    let is_for_itself = plain.authzid.is_empty() || plain.authzid == plain.authcid;
    let password = Password::parse_of_account(&plain.password).ok().filter(|_| is_for_itself);
    let Some(password) = password else {
        replies.numeric(ERR_SASLFAIL, &[]);
        return None;
    };
    let name = Name::parse(&plain.authcid).ok();
    match asking.context.hub.verify(name, &password, asking.source()).await {
        Ok(signed_in) => {
            asking.greet(&signed_in, replies);
            replies.numeric(RPL_SASLSUCCESS, &[]);
            Some(signed_in)
        }
        Err(Refusal::WrongNameOrPassword) => {
            replies.numeric(ERR_SASLFAIL, &[]);
            None
        }
        Err(refusal) => {
            replies.numeric_with(ERR_SASLFAIL, &[], &words::refused(refusal));
            None
        }
    }
}

/// Has a client be here as an account from here on.
pub(in crate::irc) async fn take(client: &mut Client, signed_in: SignedIn, replies: &mut Replies) {
    let (wire, own) = (client.wire(Addressed::ByAlias), own_of(client.negotiation.caps, true));
    let name = signed_in.account().name().clone();
    client.ident = identify(&client.context, &client.outlet, Some(&signed_in), wire, own);
    if let Some(user) = client.context.irc.registry().user_mut(client.id) {
        user.account = Some(name.clone());
        user.peer.whose = client.ident.whose();
    }
    let line = client.line("ACCOUNT").param(name.as_str());
    if client.negotiation.caps.has(Cap::AccountNotify) {
        replies.line(line.clone());
    }
    away::tell_everyone(client, Cap::AccountNotify, &line);
    join::take_up(client, replies).await;
}

/// Makes an account, and signs in to it.
pub(in crate::irc) async fn register(
    asking: &Asking<'_>,
    message: &Message<'_>,
    replies: &mut Replies,
) -> Option<SignedIn> {
    let (Some(given), Some(_mail), Some(password)) =
        (message.param(0), message.param(1), message.param(2))
    else {
        let words = "REGISTER account|* email|* password";
        replies.fail("REGISTER", "NEED_MORE_PARAMS", &[], words);
        return None;
    };
    if asking.is_signed_in {
        let words = "You are signed in to an account; make another by another connection";
        replies.fail("REGISTER", "ALREADY_AUTHENTICATED", &[given], words);
        return None;
    }
    if !asking.is_client && !asking.context.irc.registers_early {
        let words = "Complete your connection first, then register";
        replies.fail("REGISTER", "COMPLETE_CONNECTION_REQUIRED", &[given], words);
        return None;
    }
    let taken = "There is such an account, or somebody goes by that name; choose another";
    let name = match (given, &asking.nick) {
        ("*", Some(nick)) => nick.clone(),
        ("*", None) if asking.is_nick_taken => {
            replies.fail("REGISTER", "ACCOUNT_EXISTS", &[given], taken);
            return None;
        }
        ("*", None) => {
            replies.fail("REGISTER", "NEED_NICK", &[given], "Give a NICK first");
            return None;
        }
        (given, _) => match Name::parse(given) {
            Ok(name) => name,
            Err(problem) => {
                replies.fail("REGISTER", "BAD_ACCOUNT_NAME", &[given], &problem.to_string());
                return None;
            }
        },
    };
    // A name is not taken from whoever goes by it just now.
    let is_own = asking.nick.as_ref().is_some_and(|nick| nick.is_same_as(&name));
    let is_free_to_take = is_own && asking.is_client;
    if !is_free_to_take && !asking.context.irc.registry().is_free(&name, None, None) {
        replies.fail("REGISTER", "ACCOUNT_EXISTS", &[given], taken);
        return None;
    }
    let password = match Password::parse_of_account(password) {
        Ok(password) => password,
        Err(problem) => {
            replies.fail("REGISTER", "UNACCEPTABLE_PASSWORD", &[given], &problem.to_string());
            return None;
        }
    };
    match asking.context.hub.register(name.clone(), &password, asking.source()).await {
        Ok(signed_in) => {
            let line = replies.from_server("REGISTER").param("SUCCESS").param(name.as_str());
            replies.line(line.last("The account is made, and you are signed in to it"));
            asking.greet(&signed_in, replies);
            Some(signed_in)
        }
        Err(Refusal::AccountTaken) => {
            replies.fail("REGISTER", "ACCOUNT_EXISTS", &[given], taken);
            None
        }
        Err(refusal) => {
            let words = words::refused(refusal);
            replies.fail("REGISTER", "TEMPORARILY_UNAVAILABLE", &[given], &words);
            None
        }
    }
}
