//! What the tools beyond the PBX do, through their public face.
