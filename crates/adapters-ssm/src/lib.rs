//! SecretProvider over AWS Systems Manager Parameter Store.
