//! `mv`: renames or moves.

use crate::{
    args::MvArgs,
    failure::{Failure, Result},
    session::{self, Session},
};

pub(crate) async fn run(args: MvArgs) -> Result {
    let url = session::url(&args.url)?;
    if args.path.contains("://") {
        return Err(Failure::Usage("the new name is a path on the same server, not a URL".to_owned()));
    }
    let mut session = Session::new(args.connection)?;
    let client = session.client(&url).await?;
    client.rename(url.path(), &args.path).await.map_err(|error| Failure::about(&url, error))?;
    session.quit().await;
    Ok(())
}
