//! A card on a TCP port: each connection holds it to the phone anew. Both ways a message is its length, two bytes,
//! big-endian, and that many bytes of an APDU.

use fixtures::chip::{CardBuilder, VirtualLink};
use tokio::{
    io::{self, AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// Answers whoever connects with the card, made anew for each, until the process ends.
pub(super) async fn serve(listener: TcpListener, card: impl Fn() -> CardBuilder) {
    while let Ok((stream, _)) = listener.accept().await {
        let link = VirtualLink::new(card().build());
        // A client that breaks off, or the framing, has only taken its card away.
        tokio::spawn(async move { tapped(stream, &link).await });
    }
}

async fn tapped(mut stream: TcpStream, link: &VirtualLink) -> io::Result<()> {
    stream.set_nodelay(true)?;
    loop {
        let mut command = vec![0; usize::from(stream.read_u16().await?)];
        stream.read_exact(&mut command).await?;
        let Ok(answer) = link.transceive_now(&command) else { return Ok(()) };
        let Ok(length) = u16::try_from(answer.len()) else { return Ok(()) };
        stream.write_all(&[&length.to_be_bytes(), answer.as_slice()].concat()).await?;
    }
}
