//! A WebSocket connection.

use std::{
    io::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
};
use tokio_websockets::{CloseCode, Error, Limits, Message, ServerBuilder, WebSocketStream};

use crate::{End, world::World};

/// The interval between the heartbeats of a client, in milliseconds.
const HEARTBEAT_MS: u64 = 500;

/// A command to a connection.
#[derive(Debug)]
enum Order {
    End(End),
    Send(String),
}

/// Sends over a connection from any thread.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    held: Arc<watch::Sender<bool>>,
    number: u64,
    orders: mpsc::UnboundedSender<Order>,
}

impl Outbox {
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    /// Sends a frame. Does nothing if the connection has ended.
    pub(crate) fn send(&self, frame: String) {
        drop(self.orders.send(Order::Send(frame)));
    }

    pub(crate) fn end(&self, how: End) {
        drop(self.orders.send(Order::End(how)));
    }

    /// Holds back all frames, or sends them again.
    pub(crate) fn hold(&self, held: bool) {
        self.held.send_replace(held);
    }
}

/// Accepts connections while the gateway runs.
pub(crate) async fn accept(listener: TcpListener, world: Arc<Mutex<World>>) {
    let mut number = 0;
    while let Ok((stream, _)) = listener.accept().await {
        if world.lock().unwrap_or_else(PoisonError::into_inner).refuses {
            continue;
        }
        number += 1;
        tokio::spawn(serve(stream, number, Arc::clone(&world)));
    }
}

async fn serve(stream: TcpStream, number: u64, world: Arc<Mutex<World>>) {
    let lock = || world.lock().unwrap_or_else(PoisonError::into_inner);
    let (sender, orders) = mpsc::unbounded_channel();
    let outbox = Outbox { held: Arc::new(watch::Sender::new(false)), number, orders: sender };
    let Ok((request, socket)) = ServerBuilder::new().limits(Limits::unlimited()).accept(stream).await else { return };
    let compresses = request.uri().query().is_some_and(|query| query.contains("zstd-stream"));
    outbox.send(json!({ "op": 10, "d": { "heartbeat_interval": HEARTBEAT_MS } }).to_string());
    lock().connected(number, outbox.clone());
    let code = talk(socket, orders, &outbox, compresses, |frame| lock().received(&outbox, frame)).await;
    lock().disconnected(number, code);
}

/// Sends and receives until the connection ends. Returns the client's close code, if it sent one.
async fn talk(
    mut socket: WebSocketStream<TcpStream>,
    mut orders: mpsc::UnboundedReceiver<Order>,
    outbox: &Outbox,
    compresses: bool,
    received: impl Fn(&Value),
) -> Option<u16> {
    let mut held = outbox.held.subscribe();
    let mut encoder = Encoder::new(compresses);
    loop {
        let is_held = *held.borrow_and_update();
        tokio::select! {
            changed = held.changed() => changed.ok()?,
            order = orders.recv(), if !is_held => match order? {
                Order::Send(frame) => socket.send(encoder.message(frame)?).await.ok()?,
                Order::End(how) => return end(socket, how).await,
            },
            message = socket.next() => match message? {
                Ok(message) => {
                    if let Some((code, _)) = message.as_close() {
                        return Some(code.into());
                    }
                    let frame = message.as_text().and_then(|text| serde_json::from_str(text).ok());
                    if let Some(frame) = frame {
                        received(&frame);
                    }
                }
                Err(_) => return None,
            },
        }
    }
}

async fn end(mut socket: WebSocketStream<TcpStream>, how: End) -> Option<u16> {
    match how {
        End::Close(code) => {
            let code = CloseCode::try_from(code).ok()?;
            let closed: Result<(), Error> = socket.send(Message::close(Some(code), "")).await;
            closed.ok()?;
            // The client answers with a close frame of its own.
            while let Some(Ok(_)) = socket.next().await {}
        }
        End::Fin => drop(socket),
        End::Reset => socket.get_ref().set_zero_linger().ok()?,
    }
    None
}

/// Encodes frames as the client requested.
enum Encoder {
    Plain,
    /// One zstd stream for the whole connection, flushed after each frame.
    Zstd(Box<zstd::stream::write::Encoder<'static, Vec<u8>>>),
}

impl Encoder {
    fn new(compresses: bool) -> Self {
        let encoder = compresses.then(|| zstd::stream::write::Encoder::new(Vec::new(), 0).ok()).flatten();
        encoder.map_or(Self::Plain, |encoder| Self::Zstd(Box::new(encoder)))
    }

    fn message(&mut self, frame: String) -> Option<Message> {
        match self {
            Self::Plain => Some(Message::text(frame)),
            Self::Zstd(encoder) => {
                encoder.write_all(frame.as_bytes()).ok()?;
                encoder.flush().ok()?;
                Some(Message::binary(std::mem::take(encoder.get_mut())))
            }
        }
    }
}
