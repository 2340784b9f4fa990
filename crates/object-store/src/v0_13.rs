//! The trait of object_store 0.13.

implement_object_store!(object_store_013, []);
