//! Tests of programs as their users run them: processes, sockets, keyboards.
//!
//! One binary, so that it is linked once. Does not know what is inside the programs.

mod classroom;
