//! The engine's stories, told against scripted networks and a clock that only
//! moves when it is told to. After every story an auditor, which shares no code
//! with the store, goes through the database and the networks' own books.

mod auditor;
mod bed;
mod cash;
mod doubt;
mod late;
mod load;
mod named;
mod network;
mod news;
mod nodes;
mod pay;
mod reroute;
mod restart;
mod twins;
mod vault;
