//! Sessions: the switchboard of the owner, with sessions as other processes would have them.

mod glance;
mod hub;
