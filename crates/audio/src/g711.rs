//! G.711: A-law and µ-law, as the caller's line carries them (ITU-T G.711).
