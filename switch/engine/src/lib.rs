//! Tells the stories: pay, reverse, recover, deliver.
