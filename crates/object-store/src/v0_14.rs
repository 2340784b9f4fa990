//! The trait of object_store 0.14.

implement_object_store!(object_store_014, [extensions]);
