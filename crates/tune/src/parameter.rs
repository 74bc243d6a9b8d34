//! Learned numbers and their gradients, by name.

/// A matrix or a vector of learned numbers.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Name, as the checkpoint or the task has it.
    pub name: String,
    /// Outer to inner; `[outputs, inputs]` for a matrix, as PyTorch's `Linear` has it.
    pub shape: Vec<usize>,
    /// The numbers, row after row.
    pub value: Vec<f32>,
    /// The gradient of the loss, as many; none where it is not trained.
    pub gradient: Vec<f32>,
    /// Whether weight decay draws it towards 0: matrices, not biases and norms.
    pub decays: bool,
}

impl Parameter {
    /// Whether it is trained.
    #[must_use]
    pub fn is_trained(&self) -> bool {
        !self.gradient.is_empty()
    }
}

/// A parameter's place among [`Parameters`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(usize);

/// All parameters of an encoder, its adapters and its task, in the order they were added.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    list: Vec<Parameter>,
}

impl Parameters {
    /// Adds a parameter that stays as it is.
    pub fn add_frozen(&mut self, name: impl Into<String>, shape: &[usize], value: Vec<f32>) -> Id {
        debug_assert_eq!(shape.iter().product::<usize>(), value.len(), "a value for each place");
        let (name, shape) = (name.into(), shape.to_vec());
        self.list.push(Parameter { name, shape, value, gradient: vec![], decays: false });
        Id(self.list.len() - 1)
    }

    /// Adds a parameter that is trained; `decays` as [`Parameter::decays`].
    pub fn add(
        &mut self,
        name: impl Into<String>,
        shape: &[usize],
        value: Vec<f32>,
        decays: bool,
    ) -> Id {
        let id = self.add_frozen(name, shape, value);
        let parameter = &mut self.list[id.0];
        parameter.gradient = vec![0.0; parameter.value.len()];
        parameter.decays = decays;
        id
    }

    /// The numbers of one.
    #[must_use]
    pub fn value(&self, id: Id) -> &[f32] {
        &self.list[id.0].value
    }

    /// The gradient of one, to be added to; empty where it is not trained.
    pub fn gradient_mut(&mut self, id: Id) -> &mut [f32] {
        &mut self.list[id.0].gradient
    }

    /// The numbers of one and its gradient, to be added to.
    pub fn split_mut(&mut self, id: Id) -> (&[f32], &mut [f32]) {
        let parameter = &mut self.list[id.0];
        (&parameter.value, &mut parameter.gradient)
    }

    /// The gradient of one, out of its place, so that others can be worked on beside it; until
    /// [`put_gradient`](Self::put_gradient) it seems not trained.
    pub(crate) fn take_gradient(&mut self, id: Id) -> Vec<f32> {
        std::mem::take(&mut self.list[id.0].gradient)
    }

    /// Puts a gradient back.
    pub(crate) fn put_gradient(&mut self, id: Id, gradient: Vec<f32>) {
        self.list[id.0].gradient = gradient;
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, id: Id) -> &Parameter {
        &self.list[id.0]
    }

    /// All, in order.
    #[must_use]
    pub fn list(&self) -> &[Parameter] {
        &self.list
    }

    /// All, in order, to be changed.
    pub fn list_mut(&mut self) -> &mut [Parameter] {
        &mut self.list
    }

    /// The one of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Id> {
        self.list.iter().position(|parameter| parameter.name == name).map(Id)
    }

    /// Sets every gradient to 0.
    pub fn clear_gradients(&mut self) {
        for parameter in &mut self.list {
            parameter.gradient.fill(0.0);
        }
    }

    /// Number of trained parameters, and of all parameters.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let trained = self.list.iter().map(|p| p.gradient.len()).sum();
        (trained, self.list.iter().map(|p| p.value.len()).sum())
    }
}
